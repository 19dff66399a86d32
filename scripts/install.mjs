// Plain JavaScript on purpose: this runs before anything is installed, under any Node from 20 on.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the repository. */
export const home = dirname(dirname(fileURLToPath(import.meta.url)))

const OLDEST_NODE = 24

/** Installs what the lock file names, unless it is there already; ends the process when that fails. */
export function ensureInstalled() {
  const missing = missingPackages()
  if (missing.length === 0) return
  console.log(`Installing ${missing.length} missing packages (npm ci): ${missing.slice(0, 5).join(', ')} …`)
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const options = { cwd: home, stdio: 'inherit', shell: process.platform === 'win32' }
  const { status } = spawnSync(npm, ['ci', '--ignore-scripts', '--include=dev', '--loglevel=error'], options)
  if (status !== 0) fail('npm ci failed; its messages are above.')
}

/** Path of the Node that runs the project: the pinned one, else this one when it is new enough. */
export function projectNode() {
  for (const name of pinnedNodes()) {
    const file = join(home, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    if (existsSync(file)) return file
  }
  if (Number.parseInt(process.versions.node, 10) >= OLDEST_NODE) return process.execPath
  return fail(
    `There is no pinned Node for ${process.platform} ${process.arch}: install Node ${OLDEST_NODE} or newer.`
  )
}

function missingPackages() {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  const wanted = Object.entries({ ...dependencies, ...devDependencies })
  return wanted.filter(([name, version]) => installedVersion(name) !== version).map(([name]) => name)
}

function installedVersion(name) {
  const file = join(home, 'node_modules', name, 'package.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : undefined
}

function pinnedNodes() {
  const { optionalDependencies } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  return Object.keys(optionalDependencies).filter(name => name.startsWith('node-'))
}

function fail(sentence) {
  console.error(sentence)
  process.exit(1)
}
