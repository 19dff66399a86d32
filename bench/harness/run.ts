import type { Bench } from '../question.ts'
import type { Contestant, Place } from './contestant.ts'
import { linesBytes } from './lines.ts'
import { LoadClient, type LoadMode } from './load-client.ts'
import type { MeasuredProcess } from './measured-process.ts'
import { OutputFiles } from './output-files.ts'
import { freePort, Scratch } from './scratch.ts'
import { setTimeout as sleep } from 'node:timers/promises'

const STALL_MS = 20_000
const POLL_MS = 5

/** What is sent. */
export interface Load {
  readonly mode: LoadMode
  readonly connections: number
  readonly lines: number
}

/** What one run showed. */
export interface Run {
  /** From the first byte sent to the last line in the output, and the last answer where answers are read. */
  readonly seconds: number
  readonly linesPerSecond: number
  /** Of the measured process in that time. */
  readonly cpuSeconds: number
  readonly peakMegabytes: number
  readonly stopMs: number
  /** What was wrong with the lines or the end of the process. */
  readonly problem: string | undefined
}

/** Starts a contestant in a folder of its own, sends it lines, waits for all of them, looks at each, stops it. */
export async function runOnce(bench: Bench, contestant: Contestant, asked: Load): Promise<Run> {
  const load = { ...asked, lines: Math.ceil(asked.lines * (contestant.share ?? 1)) }
  using scratch = new Scratch()
  const place = { scratch, port: await freePort(), output: scratch.folder('output') }
  const measured = await contestant.start(place)
  try {
    const figures = await measure(bench, { contestant, place, load, measured })
    const perConnection = Math.floor(load.lines / load.connections)
    const wrongLines =
      contestant.delivered === undefined
        ? (await new OutputFiles(place.output).check(load.connections)).finish(perConnection)
        : undefined
    const { ms } = await measured.stop()
    return { ...figures, stopMs: ms, problem: wrongLines ?? figures.problem }
  } catch (error) {
    throw new Error(`${contestant.name}: ${String(error)}\n${measured.logEnd()}`, { cause: error })
  } finally {
    await measured.stop()
  }
}

interface Measuring {
  readonly contestant: Contestant
  readonly place: Place
  readonly load: Load
  readonly measured: MeasuredProcess
}

async function measure(bench: Bench, measuring: Measuring): Promise<Omit<Run, 'stopMs'>> {
  const { contestant, load, measured, place } = measuring
  if (contestant.feed !== undefined) return measureFed(measuring)
  const perConnection = Math.floor(load.lines / load.connections)
  const lines = perConnection * load.connections
  await using client = new LoadClient(
    bench.load,
    [place.port, load.connections, lines, load.mode].map(String)
  )
  await client.event('ready')
  const before = measured.figures()
  client.go()
  const arrived = await arrival(measuring, lines, linesBytes(perConnection) * load.connections)
  const isAnswered = load.mode === 'answers' || load.mode === 'dialogue'
  const end = await client.event(isAnswered ? 'answered' : 'sent')
  const after = measured.figures()
  const seconds = (Math.max(Number(arrived), isAnswered ? (end.at ?? 0) : 0) - (end.started ?? 0)) / 1e9
  return {
    seconds,
    linesPerSecond: lines / seconds,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    peakMegabytes: after.peakMegabytes,
    problem:
      isAnswered && end.oks !== lines ? `${end.oks} of ${lines} lines were answered with OK` : undefined
  }
}

/** Its input is there at once, whole: time runs from then on. */
async function measureFed(measuring: Measuring): Promise<Omit<Run, 'stopMs'>> {
  const {
    contestant,
    load: { lines },
    measured,
    place
  } = measuring
  const before = measured.figures()
  const started = (await contestant.feed?.(place, lines)) ?? 0n
  const arrived = await arrival(measuring, lines, linesBytes(lines))
  const after = measured.figures()
  const seconds = Number(arrived - started) / 1e9
  return {
    seconds,
    linesPerSecond: lines / seconds,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    peakMegabytes: after.peakMegabytes,
    problem: undefined
  }
}

function arrival({ contestant, place }: Measuring, lines: number, bytes: number): Promise<bigint> {
  if (contestant.delivered === undefined) return new OutputFiles(place.output).reach(bytes, STALL_MS)
  return reported(() => contestant.delivered?.(place), lines)
}

async function reported(delivered: () => Promise<number> | undefined, lines: number): Promise<bigint> {
  let seen = -1
  let moved = Date.now()
  for (;;) {
    const count = (await delivered()) ?? 0
    if (count > lines) throw new Error(`${count} of ${lines} lines were delivered.`)
    if (count === lines) return process.hrtime.bigint()
    if (count > seen) moved = Date.now()
    seen = count
    if (Date.now() - moved > STALL_MS)
      throw new Error(`${count} of ${lines} lines were delivered, no more come.`)
    await sleep(POLL_MS)
  }
}
