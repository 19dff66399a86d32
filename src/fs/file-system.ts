/**
 * The one file-system interface: local, embedded and remote stores behind it. Paths are absolute, `/`-separated,
 * without scheme and authority. Errors are AgentError: ERR_FILE_SYSTEM (facts: `path`, `reason`, and
 * `kind` as below), ERR_TIMEOUT, ERR_UNSUPPORTED.
 */
export interface FileSystem {
  /** Scheme and authority for messages, such as `webhdfs://127.0.0.1:9870`. */
  readonly uri: string
  /** Creates parents as needed. Fails with kind `exists` when the file is there. */
  create(path: string, options?: CreateOptions): Promise<FileWriter>
  /** Continues an existing file. */
  append(path: string): Promise<FileWriter>
  /** Fails with kind `missing` or `exists`; never silently does nothing. */
  rename(from: string, to: string): Promise<void>
  /** Creates the folder and its parents; fine when it is there. */
  mkdirs(path: string): Promise<void>
  /** Entries of a folder, sorted by name; fails with kind `missing`. */
  list(path: string): Promise<readonly FileStatus[]>
  /** Undefined when there is nothing. */
  stat(path: string): Promise<FileStatus | undefined>
  /** Resolves to whether there was something. A folder with content needs `recursive`. */
  delete(path: string, options?: { readonly recursive?: boolean }): Promise<boolean>
  /** Content from byte `offset` on, in pieces. */
  read(path: string, offset?: number): AsyncIterable<Buffer>
  /** Takes a file over from a writer that died, so that it can be renamed or appended to; true once closed. */
  recoverLease(path: string): Promise<boolean>
  /** Ends idle connections. Open writers are the caller's business. */
  close(): Promise<void>
}

export interface CreateOptions {
  readonly replication?: number
  readonly blockSize?: number
}

export interface FileStatus {
  /** Whole path. */
  readonly path: string
  readonly name: string
  readonly type: 'file' | 'directory'
  /** Bytes. */
  readonly size: number
  /** Epoch milliseconds. */
  readonly modified: number
  readonly owner: string | undefined
  readonly group: string | undefined
  /** Such as 0o644; undefined where the store has none. */
  readonly mode: number | undefined
  readonly replication: number | undefined
}

/** A file being written by one writer. One call at a time. */
export interface FileWriter {
  /** Bytes written so far, what the file held before included. */
  readonly position: number
  /** Takes all bytes or rejects; what a rejected write left behind is undefined, so close and start a new file. */
  write(chunks: readonly Buffer[]): Promise<void>
  /** Everything written is visible to readers and survives the death of this process. */
  hflush(): Promise<void>
  /** Everything written survives power loss. */
  hsync(): Promise<void>
  /** hflush and close. A rejected close may be tried again. */
  close(): Promise<void>
  /** Live replicas of the block being written, or undefined where the store cannot tell. */
  replicas?(): Promise<number | undefined>
}

/** Why a call failed, as facts.kind of ERR_FILE_SYSTEM; `unavailable`: it answers that it cannot serve just now. */
export type FileErrorKind = 'missing' | 'exists' | 'denied' | 'full' | 'unreachable' | 'unavailable' | 'other'
