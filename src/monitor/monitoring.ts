import type { Lifecycle, Log } from '../core/contracts.ts'
import { parseJavaInt } from '../core/numbers.ts'
import type { Readings } from './http-reporter.ts'

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
  log: Log
): Promise<Reporter | undefined> {
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
  return startHttp(port, properties[`${PREFIX}bind`], readings, log)
}

async function startHttp(
  port: number,
  bind: string | undefined,
  readings: Readings,
  log: Log
): Promise<Reporter | undefined> {
  const { HttpReporter } = await import('./http-reporter.ts')
  const reporter = new HttpReporter(readings, port, bind)
  try {
    await reporter.start()
  } catch (error) {
    log.error('Error starting the HTTP reporter. JSON Metrics may not be available.', { port, bind, error })
    return undefined
  }
  const url = `http://${bind ?? 'localhost'}:${reporter.port}/metrics`
  log.info('Counters are served.', { url })
  return { url, start: () => reporter.start(), stop: () => reporter.stop() }
}
