import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads'
import { failureOf, type Answer, type Asked, type Opening, type Request } from './database-messages.ts'
import { EventDatabase, type ReadRow } from './event-database.ts'

/** Requests that wait are put into one transaction until it holds so many bytes: then one sync serves them all. */
const TRANSACTION_BYTES = 4 * 1024 * 1024

type Change = Exclude<Request, { readonly kind: 'read' | 'close' }>

const { file, createSchema } = workerData as Opening
if (parentPort !== null) serve(parentPort)

function serve(port: MessagePort): void {
  const database = open(port)
  if (database === undefined) return
  let isShrinking = false
  const shrink = (): void => {
    isShrinking = !database.closed && shrinks(database)
    if (isShrinking) setImmediate(shrink)
  }
  port.on('message', (first: Asked) => {
    const asked = [first, ...waiting(port)]
    const answers = answerAll(database, asked)
    port.postMessage(
      answers,
      answers.flatMap(given => ('rows' in given ? given.rows.map(({ blob }) => blob.buffer) : []))
    )
    if (database.closed) port.close()
    else if (!isShrinking && asked.some(({ request }) => request.kind === 'take')) shrink()
  })
}

/** Space that cannot be given back now will be used again, or given back after a later take. */
function shrinks(database: EventDatabase): boolean {
  try {
    return database.shrink()
  } catch {
    return false
  }
}

function open(port: MessagePort): EventDatabase | undefined {
  try {
    const database = new EventDatabase(file, { createSchema })
    port.postMessage({ contents: database.contents() })
    return database
  } catch (error) {
    port.postMessage({ failure: failureOf(error, file) })
    port.close()
    return undefined
  }
}

function waiting(port: MessagePort): Asked[] {
  const asked: Asked[] = []
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
    asked.push(next.message as Asked)
  }
  return asked
}

/** In order: changes that follow one another together, the rest one by one. */
function answerAll(database: EventDatabase, asked: readonly Asked[]): Answer[] {
  const answers: Answer[] = []
  let group: { id: number; change: Change }[] = []
  let bytes = 0
  const flush = (): void => {
    answers.push(...changeAll(database, group))
    group = []
    bytes = 0
  }
  for (const { id, request } of asked) {
    if (request.kind === 'read' || request.kind === 'close') {
      flush()
      answers.push(answer(id, () => readOrClose(database, request)))
    } else {
      group.push({ id, change: request })
      if (request.kind === 'put') for (const { blob } of request.rows) bytes += blob.length
      if (bytes >= TRANSACTION_BYTES) flush()
    }
  }
  flush()
  return answers
}

/** All in one transaction; where that fails each in its own, so that only what is wrong is refused. */
function changeAll(database: EventDatabase, group: readonly { id: number; change: Change }[]): Answer[] {
  if (group.length > 1) {
    const together = answer(0, () => {
      database.transaction(() => group.forEach(({ change }) => apply(database, change)))
    })
    if (!('failure' in together)) return group.map(({ id }) => ({ id, rows: [] }))
  }
  return group.map(({ id, change }) => answer(id, () => database.transaction(() => apply(database, change))))
}

function apply(database: EventDatabase, change: Change): void {
  switch (change.kind) {
    case 'put':
      return database.put(change.rows)
    case 'take':
      return database.take(change.whole, change.parts)
    case 'setAside':
      return database.setAside(change.row)
    default:
      return change satisfies never
  }
}

function readOrClose(database: EventDatabase, request: Exclude<Request, Change>): ReadRow[] | undefined {
  if (request.kind === 'read') return database.read(request.from, request.bytes)
  database.close()
  return undefined
}

function answer(id: number, work: () => ReadRow[] | void): Answer {
  try {
    return { id, rows: work() ?? [] }
  } catch (error) {
    return { id, failure: failureOf(error, file) }
  }
}
