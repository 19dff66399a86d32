import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Environment } from '../../../core/contracts.ts'

/** What decides where the database of a channel is. */
export interface Whereabouts {
  readonly channel: string
  readonly url: string | undefined
  /** `sysprop.*`, the prefix cut off. */
  readonly systemProperties: Readonly<Record<string, string>>
  readonly environment: Environment
}

/** What a `driver.url` may be. Neither SQLite's URIs nor parameters: they would pass for a part of the name. */
export const URL_PATTERN =
  /^jdbc:(?:sqlite:(?!file:)(?<file>[^:?][^?]*)|derby:(?!\/\/|memory:|classpath:|jar:)(?:directory:)?(?<folder>[^;]+)(?:;.*)?)$/s

/** The file of the database. A Derby database is a folder; ours stands beside it, one file for each channel. */
export function databaseFile({ channel, url, systemProperties, environment }: Whereabouts): string {
  const { file, folder } = URL_PATTERN.exec(url ?? '')?.groups ?? {}
  if (file !== undefined) return resolve(file)
  const home = systemProperties['user.home'] ?? environment.properties['user.home'] ?? homedir()
  const root = systemProperties['derby.system.home'] ?? environment.properties['derby.system.home'] ?? '.'
  const derby = folder === undefined ? join(home, '.flume/jdbc-channel/db') : resolve(root, folder)
  return resolve(dirname(derby), `${encodeURIComponent(channel)}.sqlite`)
}

/** The folder of Flume's own database, which may hold events that we cannot read. */
export function derbyFolder(whereabouts: Whereabouts): string | undefined {
  const { folder } = URL_PATTERN.exec(whereabouts.url ?? 'jdbc:derby:db')?.groups ?? {}
  return folder === undefined
    ? undefined
    : join(dirname(databaseFile(whereabouts)), folder.split('/').at(-1) ?? folder)
}
