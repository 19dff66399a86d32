import { dirname, join, resolve } from 'node:path'
import type { Properties } from '../../../core/component.ts'
import type { Environment } from '../../../core/contracts.ts'
import { neededHome } from '../../../java/system-user.ts'

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

/**
 * The file of the database. A Derby database is a folder; ours stands beside it, one file for each channel. Throws
 * ERR_CONFIG where that needs a home that the user does not have.
 */
export function databaseFile({ channel, url, systemProperties, environment }: Whereabouts): string {
  const { file, folder } = URL_PATTERN.exec(url ?? '')?.groups ?? {}
  if (file !== undefined) return resolve(file)
  const root = systemProperties['derby.system.home'] ?? environment.properties['derby.system.home'] ?? '.'
  const derby =
    folder === undefined ? standardFolder(systemProperties['user.home'], environment) : resolve(root, folder)
  return resolve(dirname(derby), `${encodeURIComponent(channel)}.sqlite`)
}

/** The file that a channel names itself, the only one that two channels can share. */
export function databasesNamed(properties: Properties): string[] {
  const url = properties['driver.url'] ?? properties['org.apache.flume.channel.jdbc.driver.url'] ?? ''
  const file = /^jdbc:sqlite:(.+)$/s.exec(url.trim())?.[1]
  return file === undefined ? [] : [resolve(file)]
}

function standardFolder(given: string | undefined, environment: Environment): string {
  return join(given ?? neededHome(environment, 'driver.url'), '.flume/jdbc-channel/db')
}

/** The folder of Flume's own database, which may hold events that we cannot read. */
export function derbyFolder(whereabouts: Whereabouts): string | undefined {
  const { folder } = URL_PATTERN.exec(whereabouts.url ?? 'jdbc:derby:db')?.groups ?? {}
  return folder === undefined
    ? undefined
    : join(dirname(databaseFile(whereabouts)), folder.split('/').at(-1) ?? folder)
}
