import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, join, resolve } from 'node:path'
import { AgentError, systemCode } from '../core/errors.ts'

/** Where the system looks when there is no PATH. */
const USUAL_PATH = '/usr/bin:/bin'

/**
 * Checks that the system will find a program: at its path where the name has a slash, else in the folders of `PATH`.
 * Rejects with ERR_START, which says ENOENT or EACCES as the system does.
 */
export async function checkProgram(program: string, path: string | undefined): Promise<void> {
  const places = program.includes('/')
    ? [resolve(program)]
    : (path ?? USUAL_PATH).split(delimiter).map(folder => join(folder, program))
  let problem = 'ENOENT'
  for (const place of program === '' ? [] : places) {
    try {
      await access(place, constants.X_OK)
      if ((await stat(place)).isFile()) return
      problem = 'EACCES'
    } catch (error) {
      if (systemCode(error) === 'EACCES') problem = 'EACCES'
    }
  }
  const why = problem === 'ENOENT' ? 'it is not there' : 'it may not be run'
  const message = `Cannot run program "${program}": ${why} (${problem}).`
  throw new AgentError('ERR_START', message, { program, code: problem })
}
