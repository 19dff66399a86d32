import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const INSTALL_MS = 10 * 60_000

/** Why a service cannot be had on this machine. */
export class NotAvailable extends Error {}

/**
 * Class path of the Java service in `folder` (pom.xml, *.java, resources): its own files, its compiled classes and
 * its jars. Jars and classes are made once per content and kept in the cache. Rejects with NotAvailable.
 */
export async function javaClassPath(name: string, folder: string): Promise<string> {
  const sources = (await readdir(folder))
    .filter(file => file.endsWith('.java'))
    .map(file => join(folder, file))
  const jars = await cached(`${name}-jars`, [join(folder, 'pom.xml')], async made => {
    await tool('mvn', [
      '-q',
      '-B',
      '-f',
      join(folder, 'pom.xml'),
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${made}`
    ])
  })
  const classes = await cached(`${name}-classes`, [join(folder, 'pom.xml'), ...sources], async made => {
    await tool('javac', ['-nowarn', '-proc:none', '-cp', join(jars, '*'), '-d', made, ...sources])
  })
  return [folder, classes, join(jars, '*')].join(delimiter)
}

/** Folder that `make` filled once for this content of `inputs`; processes that make it at the same time share one. */
async function cached(
  name: string,
  inputs: readonly string[],
  make: (folder: string) => Promise<void>
): Promise<string> {
  const hash = createHash('sha256')
  for (const input of inputs) hash.update(await readFile(input))
  const cache = process.env['MILLRACE_SERVICES_CACHE'] || join(homedir(), '.cache', 'millrace-services')
  const folder = join(cache, `${name}-${hash.digest('hex').slice(0, 12)}`)
  if (await isThere(folder)) return folder
  await mkdir(cache, { recursive: true })
  const made = await mkdtemp(join(cache, `making-${name}-`))
  try {
    await make(made)
    await rename(made, folder).catch(async error => {
      if (!(await isThere(folder))) throw error
    })
    return folder
  } finally {
    await rm(made, { recursive: true, force: true })
  }
}

async function tool(command: string, args: readonly string[]): Promise<void> {
  try {
    await run(command, args, { timeout: INSTALL_MS, maxBuffer: 16 * 1024 * 1024 })
  } catch (error) {
    const output = error instanceof Error && 'stdout' in error ? String(error.stdout) : ''
    const line = output.split('\n').find(text => text.includes('ERROR')) ?? String(error).split('\n')[0] ?? ''
    throw new NotAvailable(`${command} failed: ${line.slice(0, 300)}`, { cause: error })
  }
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false
  )
}
