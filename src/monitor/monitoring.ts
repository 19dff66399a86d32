import type { Context, Lifecycle } from '../core/contracts.ts'
import { parseJavaInt } from '../core/numbers.ts'
import type { HttpPlace, Readings } from './http-reporter.ts'

const PREFIX = 'flume.monitoring.'
const DEFAULT_PORT = 41414
const HTTP_NAMES = ['http', 'org.apache.flume.instrumentation.http.httpmetricsserver']

/** A started reporter, and where it answers. */
export interface Reporter extends Lifecycle {
  readonly url: string
}

/**
 * Starts what `flume.monitoring.type` names. Never rejects: without a reporter the agent runs on, and the log says why.
 * Resolves to undefined when there is none.
 */
export async function startMonitoring(
  properties: Readonly<Record<string, string>>,
  readings: Readings,
  context: Pick<Context, 'log' | 'clock'>
): Promise<Reporter | undefined> {
  const { log } = context
  const type = properties[`${PREFIX}type`]
  if (type === undefined) return undefined
  if (!HTTP_NAMES.includes(type.toLowerCase())) {
    log.warn('Error starting monitoring. Monitoring might not be available.', { type, known: 'http' })
    return undefined
  }
  const text = properties[`${PREFIX}port`] ?? String(DEFAULT_PORT)
  const port = parseJavaInt(text)
  if (port === undefined || port < 0 || port > 65535) {
    log.error('flume.monitoring.port is not a port from 0 to 65535. JSON Metrics may not be available.', {
      port: text
    })
    return undefined
  }
  return startHttp({ port, bind: properties[`${PREFIX}bind`] }, readings, context)
}

async function startHttp(
  { port, bind }: HttpPlace,
  readings: Readings,
  context: Pick<Context, 'log' | 'clock'>
): Promise<Reporter | undefined> {
  const { HttpReporter } = await import('./http-reporter.ts')
  const { log } = context
  const reporter = new HttpReporter(readings, { port, bind }, context)
  try {
    await reporter.start()
  } catch (error) {
    log.error('Error starting the HTTP reporter. JSON Metrics may not be available.', { port, bind, error })
    return undefined
  }
  const url = `http://${bind ?? 'localhost'}:${reporter.port}/metrics`
  log.info('Counters are served.', { url, addresses: bind ?? 'all' })
  return { url, start: () => reporter.start(), stop: () => reporter.stop() }
}
