/** Code of the error for what has the name of a file and is none: a folder, a pipe, a device. */
export const NO_FILE = 'EISDIR'

/** Tells one look at a folder from another. */
export interface FolderStamp {
  /** Of the folder itself: another one under the same name has another. */
  readonly identity: string
  /** Differs when names in it have come or gone. */
  readonly change: string
}

/**
 * What the durable log asks of a disk. Everything that it does to files goes through here, so that tests can put a
 * disk in its place that loses, tears and reorders what was not synced. Paths are absolute. Errors are those of the
 * system, with their `code`.
 */
export interface Disk {
  /**
   * Opens for reading and writing. With `synced`, bytes are on the disk when their write resolves (O_DSYNC). With
   * `create`, a missing file is made; its name is safe only after syncFolder. Rejects with the code NO_FILE where a
   * folder, a pipe or a device has the name.
   */
  open(path: string, options: { readonly create: boolean; readonly synced: boolean }): Promise<DiskFile>
  /** Replaces `to` when it exists. Safe only after syncFolder. */
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  /** Names in a folder, in no order. */
  list(folder: string): Promise<string[]>
  /** How the folder looks now. Rejects with ENOENT when none has the name. */
  stamp(folder: string): Promise<FolderStamp>
  /** Makes the folder and its parents; fine when it exists. */
  makeFolder(folder: string): Promise<void>
  /** Removes an empty folder. */
  removeFolder(folder: string): Promise<void>
  /** Makes creations, renames and removals in the folder durable. */
  syncFolder(folder: string): Promise<void>
  /** Bytes that unprivileged writers may still use on the folder's file system. */
  freeBytes(folder: string): Promise<number>
}

/** One open file. Reads and writes may overlap in time; those of overlapping bytes must not. */
export interface DiskFile {
  /** Resolves to how many bytes were written, which may be fewer than asked for. */
  write(bytes: Buffer, position: number): Promise<number>
  /** Resolves to how many bytes were read; 0 at the end. */
  read(into: Buffer, position: number): Promise<number>
  /** fdatasync. After an error, what was written before is in doubt for ever. */
  sync(): Promise<void>
  size(): Promise<number>
  truncate(bytes: number): Promise<void>
  /** Whether the path leads to this file, which keeps what it holds until it is closed even when no name leads to it. */
  isAt(path: string): Promise<boolean>
  /** There must be no read or write under way. */
  close(): Promise<void>
}
