import { join } from 'node:path'

/** The folder of the repository. */
export const HOME = join(import.meta.dirname, '..')
