// The program. Compiled code is kept from run to run, so everything but this file starts warm.
import { constants, enableCompileCache } from 'node:module'
import { join } from 'node:path'

const { HOME, LOCALAPPDATA, XDG_CACHE_HOME } = process.env
const ownCache = join(import.meta.dirname, '..', '..', '.cache', 'compile')
const userCache = join(XDG_CACHE_HOME ?? LOCALAPPDATA ?? join(HOME ?? '/tmp', '.cache'), 'millrace', 'compile')
const { FAILED } = constants.compileCacheStatus
if (enableCompileCache(ownCache).status === FAILED) enableCompileCache(userCache)

const { runProgram } = await import('./cli.ts')
await runProgram(process.argv.slice(2))
