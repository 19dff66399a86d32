import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Account, type Conversation } from './account.ts'
import { numberedLine } from './numbered-lines.ts'

const PATIENCE_MS = 60_000

/** A client that sends numbered lines as fast as they are answered, and keeps account of the answers. */
export class CountingClient {
  readonly account: Account
  readonly #window: number
  #waiting = 0
  #refused = 0
  #watchers = new Set<() => void>()

  /** `window`: most lines on their way that are not answered. */
  constructor(name: string, window: number) {
    this.account = new Account(name)
    this.#window = window
  }

  /** Lines answered with OK. */
  get accepted(): number {
    return this.account.accepted
  }

  /** Lines answered with something else. */
  get refused(): number {
    return this.#refused
  }

  /** Whether the agent owes it answers at this moment. */
  get isWaiting(): boolean {
    return this.#waiting > 0
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
    this.#waiting = 0
    this.#heard()
  }

  /** Resolves once `lines` more lines were accepted, or the connection ends. */
  async accepts(lines: number, running: Promise<unknown>): Promise<void> {
    const wanted = this.accepted + lines
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = (): void => {
      if (this.accepted >= wanted) resolve()
    }
    this.#watchers.add(look)
    look()
    await Promise.race([promise, running])
    this.#watchers.delete(look)
  }

  /** Sends until a line is accepted again; rejects when that takes more than a minute. */
  async untilAccepted(port: number): Promise<void> {
    const before = this.accepted
    const end = Date.now() + PATIENCE_MS
    while (this.accepted === before) {
      if (Date.now() > end) throw new Error('Nothing is accepted any more.')
      const refused = this.refused
      await this.run(port, () => this.accepted > before || this.refused > refused)
    }
  }

  #converse(socket: Socket, enough: () => boolean): void {
    const conversation = this.account.begin()
    let rest = ''
    this.#fill(socket, conversation)
    socket.setEncoding('latin1').on('data', (text: string) => {
      const answers = (rest + text).split('\n')
      rest = answers.pop() ?? ''
      for (const answer of answers) this.#answered(conversation, answer)
      this.#waiting = conversation.sent - conversation.answered
      this.#heard()
      if (enough()) {
        if (this.#waiting === 0) socket.destroy()
      } else if (this.#waiting <= this.#window / 2) this.#fill(socket, conversation)
    })
  }

  #fill(socket: Socket, conversation: Conversation): void {
    const { producer } = this.account
    let lines = ''
    while (conversation.sent - conversation.answered < this.#window)
      lines += `${numberedLine(producer, conversation.sent++)}\n`
    this.#waiting = conversation.sent - conversation.answered
    socket.write(lines, 'latin1')
  }

  #answered(conversation: Conversation, answer: string): void {
    const number = conversation.answered++
    if (answer === 'OK') return
    conversation.refused.add(number)
    this.#refused++
  }

  #heard(): void {
    for (const watcher of this.#watchers) watcher()
  }
}

/** Sends one line and resolves once it was acknowledged; rejects when it is refused or not answered. */
export async function sendLine(port: number, line: string): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  socket.write(`${line}\n`)
  try {
    const ended = once(socket, 'close').then(() => Promise.reject(new Error(`No answer to ${line}.`)))
    const [answer] = (await Promise.race([once(socket.setEncoding('latin1'), 'data'), ended])) as string[]
    if (answer !== 'OK\n') throw new Error(`The answer to ${line} is ${answer}.`)
  } finally {
    socket.destroy()
  }
}
