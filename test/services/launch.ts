import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ServiceDescription } from './description.ts'
import { javaClassPath } from './maven.ts'

/** How one service is run. */
export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

/** What every Java program is started with: it is there for a test, and lives for seconds. */
export const JVM_OPTIONS = [
  '-Xmx512m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:-UsePerfData',
  '-Djava.net.preferIPv4Stack=true',
  '-Djava.awt.headless=true',
  '--add-opens=java.base/java.lang=ALL-UNNAMED'
]

/** The services there are: each a folder here with a service.ts. */
export function serviceNames(): string[] {
  return readdirSync(import.meta.dirname).filter(name =>
    existsSync(join(import.meta.dirname, name, 'service.ts'))
  )
}

/** What is said of a service. Rejects when there is none of that name. */
export async function descriptionOf(name: string): Promise<ServiceDescription> {
  if (!serviceNames().includes(name)) throw new Error(`There is no service ${name}.`)
  const file = join(import.meta.dirname, name, 'service.ts')
  return ((await import(pathToFileURL(file).href)) as { default: ServiceDescription }).default
}

/** How to run it on `directory`; installs what is missing, or rejects with NotAvailable. */
export async function launchOf(
  name: string,
  directory: string,
  options: Readonly<Record<string, string>>
): Promise<Launch> {
  const { java, node, prepare, environment = {} } = await descriptionOf(name)
  const folder = join(import.meta.dirname, name)
  const own = join(directory, 'class-path')
  const prepared = (await prepare?.(own, options)) ?? options
  const given = [directory, ...Object.entries(prepared).map(([key, value]) => `${key}=${value}`)]
  if (java !== undefined) {
    const classPath = `${own}${delimiter}${await javaClassPath(name, folder)}`
    return { command: 'java', args: [...JVM_OPTIONS, '-cp', classPath, java, ...given], environment }
  }
  if (node === undefined) throw new Error(`The service ${name} says neither java nor node.`)
  return { command: process.execPath, args: [join(folder, node), ...given], environment }
}
