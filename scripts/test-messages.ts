/** Names the file descriptor on which a test process says what goes on. */
export const PIPE_VARIABLE = 'MILLRACE_TEST_PIPE'

/** An event of node:test, as far as we read it. */
export interface TestEvent {
  readonly type: string
  readonly data: {
    readonly name?: string
    readonly nesting?: number
    readonly message?: string
    readonly level?: string
    readonly file?: string | undefined
    readonly line?: number
    readonly column?: number
    readonly testNumber?: number
    readonly count?: number
    readonly skip?: string | boolean
    readonly todo?: string | boolean
    readonly details?: {
      readonly duration_ms?: number
      readonly type?: string
      readonly error?: TestError
    }
  }
}

export interface TestError {
  readonly message: string
  readonly code?: string
  readonly cause?: unknown
  readonly failureType?: string | undefined
  /** What a reader sees of it. */
  readonly text?: string
}

/** A test or suite by its name; those inside another have a deeper nesting. */
export interface Named {
  readonly name: string
  readonly nesting: number
}

/** A process that was not over when the test process ended. */
export interface Left {
  readonly pid: number
  readonly command: string
  readonly test: string
}

/** One line of JSON on the pipe. */
export type Message =
  | { readonly began: Named }
  | { readonly ended: Named }
  | { readonly event: TestEvent }
  /** What keeps the process from ending while no test is under way. */
  | { readonly open: readonly string[] }
  | { readonly left: readonly Left[] }
