import { parentPort } from 'node:worker_threads'
import { encodeBzip2 } from './bzip2-encode.ts'

/** The thread that compresses: takes `{ id, input }`, answers `{ id, output }`; memory changes hands, uncopied. */
parentPort?.on('message', ({ id, input }: { id: number; input: Uint8Array }) => {
  const output = encodeBzip2(Buffer.from(input.buffer, input.byteOffset, input.byteLength))
  const owned = output.buffer as ArrayBuffer
  parentPort?.postMessage({ id, output }, [owned])
})
