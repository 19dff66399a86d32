/** What a disk can be asked to do, and so what can fail. */
export type OperationName =
  | 'open'
  | 'rename'
  | 'unlink'
  | 'list'
  | 'makeFolder'
  | 'removeFolder'
  | 'syncFolder'
  | 'freeBytes'
  | 'write'
  | 'read'
  | 'sync'
  | 'size'
  | 'truncate'
  | 'close'

/** How a call goes wrong. A short write stops at half; a slow call ends after many others. */
export type FaultKind = 'EIO' | 'ENOSPC' | 'EMFILE' | 'short' | 'slow'

/** Calls that go wrong. */
export interface Fault {
  /** Any of these. */
  readonly operations: readonly OperationName[]
  /** Only calls on paths that match; all when left out. */
  readonly path?: RegExp
  /** Leading calls that still go well. */
  readonly after: number
  /** How many calls fail then; Infinity means for ever. */
  readonly times: number
  readonly kind: FaultKind
}

/** Counts calls and says which of them go wrong. */
export class FaultPlan {
  #faults: { readonly fault: Fault; calls: number }[] = []

  constructor(faults: readonly Fault[]) {
    for (const fault of faults) this.add(fault)
  }

  add(fault: Fault): void {
    this.#faults.push({ fault, calls: 0 })
  }

  clear(): void {
    this.#faults = []
  }

  /** How this call goes wrong; undefined when it goes well. */
  next(operation: OperationName, path: string): FaultKind | undefined {
    let kind: FaultKind | undefined
    for (const entry of this.#faults) {
      const { fault } = entry
      if (!fault.operations.includes(operation) || fault.path?.test(path) === false) continue
      const call = entry.calls++
      if (call >= fault.after && call < fault.after + fault.times) kind ??= fault.kind
    }
    return kind
  }
}

const MEANINGS: Readonly<Record<string, string>> = {
  EIO: 'i/o error',
  ENOSPC: 'no space left on device',
  EMFILE: 'too many open files',
  ENOENT: 'no such file or directory',
  EISDIR: 'illegal operation on a directory',
  ENOTDIR: 'not a directory',
  EBADF: 'bad file descriptor',
  EEXIST: 'file already exists'
}

/** The error that the system gives for a call. */
export function systemError(code: string, operation: OperationName, path: string): Error {
  return Object.assign(new Error(`${code}: ${MEANINGS[code] ?? 'failed'}, ${operation} '${path}'`), {
    code,
    syscall: operation,
    path
  })
}
