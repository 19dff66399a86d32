/**
 * An error of the system, such as `EIO: i/o error, write`, that names the file it is about, as the system's own do where
 * they know it: `EIO: i/o error, write '/data/seg-…'`. What else was thrown stays as it is.
 */
export function nameError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || 'path' in error) return error
  error.message = `${error.message} '${path}'`
  return Object.assign(error, { path })
}
