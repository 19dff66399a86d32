import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { AgentProcess, temporaryFolder } from '../e2e/agent-process.ts'

const PATIENCE_MS = 60_000
const LOOK_EVERY_MS = 20
/** A drain delivers one batch while up to three commits are under way. */
const BATCHES_IN_HAND = 4

/**
 * An agent that is ended and started again and again: netcat → file channel → file_roll, each life into a folder of its own.
 * `CHANNEL` in a setting stands for the channel's folder.
 */
export class CrashAgent implements Disposable {
  readonly channel: string
  readonly #folder = temporaryFolder()
  #settings: Readonly<Record<string, string>>
  #lives = 0

  constructor(settings: Readonly<Record<string, string>> = {}) {
    this.channel = join(this.#folder.path, 'channel')
    this.#settings = settings
  }

  /** Begins a life; returns before the agent has started. */
  begin(): AgentProcess {
    mkdirSync(this.#output(this.#lives), { recursive: true })
    const args = ['agent', '-n', 'a', '-f', this.#configuration(this.#lives++)]
    return new AgentProcess(args)
  }

  /** Other settings from the next life on. */
  change(settings: Readonly<Record<string, string>>): void {
    this.#settings = { ...this.#settings, ...settings }
  }

  /** The lines delivered in each life so far, in order. */
  delivered(): string[][] {
    return Array.from({ length: this.#lives }, (_, life) => linesBelow(this.#output(life)))
  }

  /** Resolves once the latest life has delivered this line. */
  async deliveredLine(line: string): Promise<void> {
    const end = Date.now() + PATIENCE_MS
    while (!textBelow(this.#output(this.#lives - 1)).includes(`${line}\n`)) {
      if (Date.now() > end) throw new Error(`${line} does not arrive.`)
      await pause(LOOK_EVERY_MS)
    }
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]()
  }

  #output(life: number): string {
    return join(this.#folder.path, `out-${life}`)
  }

  #configuration(life: number): string {
    const settings: Record<string, string> = {
      sources: 'in',
      channels: 'file',
      sinks: 'out',
      'sources.in.type': 'netcat',
      'sources.in.bind': '127.0.0.1',
      'sources.in.port': '0',
      'sources.in.channels': 'file',
      'channels.file.type': 'file',
      'channels.file.checkpointDir': 'CHANNEL/checkpoint',
      'channels.file.dataDirs': 'CHANNEL/data',
      'sinks.out.type': 'file_roll',
      'sinks.out.channel': 'file',
      'sinks.out.sink.directory': this.#output(life),
      'sinks.out.sink.rollInterval': '0',
      ...this.#settings
    }
    const path = join(this.#folder.path, `life-${life}.conf`)
    const lines = Object.entries(settings).map(
      ([key, value]) => `a.${key} = ${value.replaceAll('CHANNEL', this.channel)}\n`
    )
    writeFileSync(path, lines.join(''))
    return path
  }
}

/** A client that sends numbered lines as fast as they are acknowledged, and knows which were. */
export class CountingClient {
  readonly name: string
  /** Lines sent, whether acknowledged or not. */
  sent = 0
  /** Numbers of the lines that were answered with OK. */
  readonly acknowledged: number[] = []
  /** Lines that were answered with something else. */
  refused = 0
  readonly #window: number

  constructor(name: string, window: number) {
    this.name = name
    this.#window = window
  }

  /** Sends until the connection ends or `enough` says so; never rejects. */
  async run(port: number, enough: () => boolean): Promise<void> {
    const socket = connect({ port, host: '127.0.0.1' })
    const ended = new Promise<void>(resolve => {
      socket.on('close', () => {
        resolve()
      })
    })
    // The other side dies: that is what this is for.
    socket.on('error', () => {})
    try {
      await once(socket, 'connect')
    } catch {
      return
    }
    this.#converse(socket, enough)
    await ended
  }

  /** Sends until a line is acknowledged again; rejects when that takes more than a minute. */
  async untilAccepted(port: number): Promise<void> {
    const before = this.acknowledged.length
    const end = Date.now() + PATIENCE_MS
    while (this.acknowledged.length === before) {
      if (Date.now() > end) throw new Error('Nothing is accepted any more.')
      const refused = this.refused
      await this.run(port, () => this.acknowledged.length > before || this.refused > refused)
    }
  }

  #converse(socket: Socket, enough: () => boolean): void {
    let waiting: number[] = []
    const fill = (): void => {
      const lines: string[] = []
      while (waiting.length < this.#window) {
        waiting.push(this.sent)
        lines.push(`${this.name}:${this.sent++}:${'x'.repeat((this.sent * 7) % 90)}\n`)
      }
      socket.write(lines.join(''))
    }
    let rest = ''
    socket.setEncoding('latin1').on('data', (text: string) => {
      const answers = (rest + text).split('\n')
      rest = answers.pop() ?? ''
      // Anything but OK is a refusal.
      answers.forEach((answer, i) => {
        const number = waiting[i]
        if (answer !== 'OK') this.refused++
        else if (number !== undefined) this.acknowledged.push(number)
      })
      waiting = waiting.slice(answers.length)
      if (enough()) {
        if (waiting.length === 0) socket.destroy()
      } else if (waiting.length <= this.#window / 2) fill()
    })
    fill()
  }
}

/** Sends one line and resolves once it was acknowledged. */
export async function sendLine(port: number, line: string): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  socket.write(`${line}\n`)
  try {
    const ended = once(socket, 'close').then(() => Promise.reject(new Error(`No answer to ${line}.`)))
    await Promise.race([once(socket, 'data'), ended])
  } finally {
    socket.destroy()
  }
}

/** The port at which the agent listens, once its channel runs. */
export async function listeningPort(agent: AgentProcess): Promise<number> {
  const [, port = ''] = await agent.said(/Listening\. address=\S+:(\d+)/)
  return Number(port)
}

/** What is wrong with what was delivered, compared with what was acknowledged; nothing when all is well. */
export function judge(
  lives: readonly string[][],
  clients: readonly CountingClient[],
  sinkBatch: number
): string[] {
  const wrong: string[] = []
  for (const client of clients) {
    const seen = new Set<number>()
    let furthest = -1
    for (const [life, lines] of lives.entries()) {
      const numbers = lines
        .filter(line => line.startsWith(`${client.name}:`))
        .map(line => Number(line.split(':')[1]))
      const again = numbers.filter(number => seen.has(number))
      if (again.length > sinkBatch * BATCHES_IN_HAND)
        wrong.push(`${again.length} lines of ${client.name} came again in life ${life}`)
      numbers.forEach((number, i) => {
        if (i > 0 && number <= (numbers[i - 1] ?? 0))
          wrong.push(`${client.name}:${number} is out of order in life ${life}`)
        if (!seen.has(number) && number < furthest)
          wrong.push(`${client.name}:${number} comes late, in life ${life}`)
        furthest = Math.max(furthest, number)
      })
      for (const number of numbers) seen.add(number)
    }
    const lost = client.acknowledged.filter(number => !seen.has(number))
    if (lost.length > 0)
      wrong.push(`${lost.length} acknowledged lines of ${client.name} are lost, first ${lost[0]}`)
    const invented = [...seen].filter(number => number >= client.sent)
    if (invented.length > 0) wrong.push(`${invented.length} lines of ${client.name} were never sent`)
  }
  return wrong
}

/** Whole lines of the files of a folder, oldest file first; what stands behind the last newline was cut by a kill. */
function linesBelow(folder: string): string[] {
  return textBelow(folder).split('\n').slice(0, -1)
}

function textBelow(folder: string): string {
  if (!existsSync(folder)) return ''
  const names = readdirSync(folder).sort((one, other) => one.localeCompare(other, 'en', { numeric: true }))
  return names.map(name => readFileSync(join(folder, name), 'latin1')).join('')
}
