import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { configuration, fileRoll, startAgent, WIDE_CHANNEL } from './harness/agent.ts'
import type { Contestant } from './harness/contestant.ts'
import { Flood } from './harness/flood.ts'
import { deliveredByMetrics, METRICS } from './harness/metrics.ts'
import { freePort, Scratch } from './harness/scratch.ts'
import type { Answer, Bench, Question } from './question.ts'
import { median, percentile } from './statistics.ts'

const SENDERS = 50
const MANY_SENDERS = 2000
const SETTLE_MS = 1000
const ASKING_MS = 4000
const PAUSE_MS = 25
const FLOOD_MS = 5000
const MOST_MS = 30

const ours: Contestant = {
  name: 'millrace',
  version: () => 'this work tree',
  start: ({ scratch, port, output }) =>
    startAgent(scratch, port, agentText(port, output), { flags: METRICS(port) })
}

function agentText(port: number, output: string): string {
  return configuration(port, { channel: WIDE_CHANNEL, sink: fileRoll(output) })
}

/** How long a new client waits beside clients that send without end, and what memory very many of those take. */
export const crowd: Question = {
  names: {
    crowd: `a new client beside ${SENDERS} that send without end; ${MANY_SENDERS} that send line feeds`
  },
  async answer(bench) {
    const peers = bench.peers.flatMap(({ acknowledging }) => acknowledging ?? [])
    const waits = new Map([ours, ...peers].map(({ name }) => [name, noWaits()]))
    for (let round = 1; round <= bench.pairs; round++) {
      for (const contestant of [ours, ...peers]) {
        const waited = await waitsOf(contestant)
        waits.get(contestant.name)?.client.push(...waited.client)
        waits.get(contestant.name)?.metrics.push(...waited.metrics)
        const middle = median(waited.client).toFixed(1)
        bench.progress(`round ${round} of ${bench.pairs}: ${contestant.name} a new client ${middle} ms`)
      }
    }
    bench.progress(`crowd: ${MANY_SENDERS} senders of line feeds, three times`)
    return report(bench, waits, await peaks())
  }
}

/** Milliseconds until the answer came. */
interface Waits {
  readonly client: number[]
  readonly metrics: number[]
}

function noWaits(): Waits {
  return { client: [], metrics: [] }
}

async function waitsOf(contestant: Contestant): Promise<Waits> {
  using scratch = new Scratch()
  const place = { scratch, port: await freePort(), output: scratch.folder('output') }
  const measured = await contestant.start(place)
  try {
    await using _flood = await Flood.start(place.port, SENDERS, 'a')
    await sleep(SETTLE_MS)
    const waits = noWaits()
    const end = performance.now() + ASKING_MS
    while (performance.now() < end) {
      waits.client.push(await timed(() => lineOfNewClient(place.port)))
      if (contestant === ours) waits.metrics.push(await timed(() => deliveredByMetrics(place.port)))
      await sleep(PAUSE_MS)
    }
    return waits
  } finally {
    await measured.stop()
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

async function lineOfNewClient(port: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.write('a new client\n')
  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  if (String(answer) !== 'OK\n') throw new Error(`A new client was answered ${String(answer)}.`)
}

/** Peak memory in MB after each of three floods. */
async function peaks(): Promise<number[]> {
  using scratch = new Scratch()
  const port = await freePort()
  const agent = await ours.start({ scratch, port, output: scratch.folder('output') })
  const found: number[] = []
  try {
    for (let flood = 0; flood < 3; flood++) {
      await using _flood = await Flood.start(port, MANY_SENDERS, '')
      await sleep(FLOOD_MS)
      found.push(agent.figures().peakMegabytes)
    }
  } finally {
    await agent.stop()
  }
  return found
}

function report(bench: Bench, waits: ReadonlyMap<string, Waits>, peakMegabytes: readonly number[]): Answer {
  const { client = [], metrics = [] } = waits.get(ours.name) ?? {}
  const slowest = Math.max(
    ...[...waits].filter(([name]) => name !== ours.name).map(([, peer]) => median(peer.client))
  )
  const [first = NaN, second = NaN, third = NaN] = peakMegabytes
  const row = (what: string, values: readonly number[]): string[] => [
    what,
    ...[median(values), percentile(values, 0.9), Math.max(...values)].map(value => value.toFixed(1))
  ]
  return {
    title: `A new client beside ${SENDERS} that send "a" without end, ms until its OK, ${bench.pairs} rounds`,
    table: [
      ['', 'median', 'p90', 'slowest'],
      ...[...waits].map(([name, peer]) => row(name, peer.client)),
      row('/metrics meanwhile', metrics),
      [
        `${MANY_SENDERS} senders of line feeds three times, peak MB`,
        ...peakMegabytes.map(value => value.toFixed(0))
      ]
    ],
    bars: [
      {
        what: 'crowd: a new client, median',
        value: median(client),
        limit: Math.max(MOST_MS, 3 * slowest),
        sense: 'at most',
        unit: 'ms'
      },
      { what: 'crowd: peak memory', value: first, limit: 200, sense: 'at most', unit: 'MB' },
      // The sockets of one flood are still going while those of the next come, so the second may take more than the first.
      { what: 'crowd: a third flood adds', value: third - second, limit: 20, sense: 'at most', unit: 'MB' }
    ],
    ratios: {},
    problems: []
  }
}
