import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { AgentError, messageOf, systemCode } from '../../core/errors.ts'
import { LOADER, LOADER_TEXT } from '../packages.ts'

/**
 * Installs packages as one plug-in into the first of `roots` that can be written to: names with versions, or paths of
 * tarballs. Nothing of theirs is run. Resolves to the folder; what was there under the same name is replaced.
 */
export async function installPlugIn(roots: readonly string[], packages: readonly string[]): Promise<string> {
  const { root, staging } = stagingIn(roots)
  try {
    const lib = join(staging, 'lib')
    mkdirSync(lib)
    writeFileSync(join(lib, 'package.json'), '{ "private": true }\n')
    await npmInstall(lib, packages)
    writeFileSync(join(lib, LOADER), LOADER_TEXT)
    const folder = join(root, folderName(lib))
    rmSync(folder, { recursive: true, force: true })
    renameSync(staging, folder)
    return folder
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
}

function stagingIn(roots: readonly string[]): { root: string; staging: string } {
  const reasons: string[] = []
  for (const root of roots) {
    try {
      mkdirSync(root, { recursive: true })
      return { root, staging: mkdtempSync(join(root, '.adding-')) }
    } catch (error) {
      reasons.push(`${root}: ${systemCode(error) ?? messageOf(error)}`)
    }
  }
  throw new AgentError(
    'ERR_CONFIG',
    `No folder for plug-ins can be written to (${reasons.join('; ')}). Name one with --plugins-path DIR, here and for the agent.`
  )
}

const NPM = [
  'install',
  '--ignore-scripts',
  '--omit=dev',
  '--save-exact',
  '--no-audit',
  '--no-fund',
  '--no-update-notifier',
  '--fetch-retries=1',
  '--logs-max=0',
  '--loglevel=error'
]

/** npm on the packages; rejects with ERR_START, and what npm said, when it fails. */
async function npmInstall(folder: string, packages: readonly string[]): Promise<void> {
  const areFiles = packages.every(path => isAbsolute(path))
  // Files may hold all that is needed: only where they do not, the network is asked, which takes its time when it is away.
  if (areFiles && (await npm(folder, ['--offline', ...packages])) === undefined) return
  const said = await npm(folder, ['--prefer-offline', ...packages])
  if (said === undefined) return
  const hint = areFiles ? '\nName the tarballs of what it depends on, too, where there is no network.' : ''
  throw new AgentError('ERR_START', `npm could not install it:\n${said}${hint}`)
}

/** Resolves to what npm said when it failed. */
async function npm(folder: string, words: readonly string[]): Promise<string | undefined> {
  const isWindows = process.platform === 'win32'
  const child = spawn(isWindows ? 'npm.cmd' : 'npm', [...NPM, ...words.map(isWindows ? quoted : String)], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    // There a .cmd file is started by the shell only.
    shell: isWindows,
    env: { ...process.env, ...cacheIn(folder) }
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', bytes => (said += String(bytes)))
  try {
    const [code] = (await once(child, 'close')) as unknown[]
    return code === 0 ? undefined : said.trim()
  } catch (error) {
    const message = 'There is no npm to install it with. Install Node 20 or newer with npm.'
    throw new AgentError('ERR_START', message, {}, error)
  } finally {
    rmSync(join(folder, '.npm-cache'), { recursive: true, force: true })
  }
}

function quoted(word: string): string {
  return `"${word}"`
}

/** npm keeps what it loads below the user's home, which may be missing, or not to be written to. */
function cacheIn(folder: string): Readonly<Record<string, string>> {
  try {
    accessSync(homedir(), constants.W_OK)
    return {}
  } catch {
    return { npm_config_cache: join(folder, '.npm-cache') }
  }
}

/** After the first package, so that two of the same name are one plug-in. */
function folderName(lib: string): string {
  const { dependencies = {} } = JSON.parse(readFileSync(join(lib, 'package.json'), 'utf8')) as {
    dependencies?: Readonly<Record<string, string>>
  }
  const [first = ''] = Object.keys(dependencies)
  if (first === '') throw new AgentError('ERR_START', 'npm installed nothing.')
  return first.replace('@', '').replaceAll('/', '+')
}
