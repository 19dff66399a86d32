import { Worker } from 'node:worker_threads'
import type { Compression } from '../codec.ts'
import { decodeBzip2 } from './bzip2-decode.ts'

/** Bzip2 streams; compressed by one worker thread that all files share and that does not keep the process alive. */
export const bzip2: Compression = {
  compress: async chunks => {
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    return bytes === 0 ? [] : [await compressInWorker(chunks, bytes)]
  },
  decompress: decodeBzip2
}

interface Job {
  resolve(output: Buffer): void
  reject(error: unknown): void
}

const jobs = new Map<number, Job>()
let worker: Worker | undefined
let lastId = 0

function compressInWorker(chunks: readonly Buffer[], bytes: number): Promise<Buffer> {
  const input = Buffer.allocUnsafeSlow(bytes)
  let at = 0
  for (const chunk of chunks) at += chunk.copy(input, at)
  return new Promise((resolve, reject) => {
    const id = ++lastId
    worker ??= startWorker()
    jobs.set(id, { resolve, reject })
    worker.ref()
    worker.postMessage({ id, input }, [input.buffer])
  })
}

function startWorker(): Worker {
  const started = new Worker(
    new URL(`./bzip2-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
  )
  started.on('message', ({ id, output }: { id: number; output: Uint8Array }) => {
    const job = jobs.get(id)
    jobs.delete(id)
    if (jobs.size === 0) started.unref()
    job?.resolve(Buffer.from(output.buffer, output.byteOffset, output.byteLength))
  })
  started.on('error', error => {
    worker = undefined // the next job starts another
    for (const job of jobs.values()) job.reject(error)
    jobs.clear()
  })
  return started
}
