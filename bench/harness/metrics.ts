import { request } from 'node:http'

const OFFSET = 1

/** Flags that make an agent serve its counters, on the port behind its source's. */
export const METRICS = (port: number): readonly string[] => [
  '-Dflume.monitoring.type=http',
  `-Dflume.monitoring.port=${metricsPort(port)}`,
  '-Dflume.monitoring.bind=127.0.0.1'
]

/** Events that the sink of such an agent took for good, as its channel counts them; 0 while it does not answer. */
export async function deliveredByMetrics(port: number): Promise<number> {
  const counters = JSON.parse(await text(metricsPort(port))) as Record<string, Record<string, string>>
  return Number(counters['CHANNEL.c1']?.['EventTakeSuccessCount'] ?? 0)
}

function metricsPort(port: number): number {
  return port < 65535 ? port + OFFSET : port - OFFSET
}

function text(port: number): Promise<string> {
  return new Promise(resolve => {
    const asking = request({ host: '127.0.0.1', port, path: '/metrics' }, answer => {
      let body = ''
      answer.setEncoding('utf8')
      answer.on('data', piece => {
        body += String(piece)
      })
      answer.on('end', () => {
        resolve(body)
      })
    })
    asking.on('error', () => {
      resolve('{}')
    })
    asking.end()
  })
}
