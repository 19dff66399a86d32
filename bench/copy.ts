/** Copies what comes over TCP into a file: `node copy.ts PORT FILE`. The peer that the others are compared with. */
import { createWriteStream } from 'node:fs'
import { createServer } from 'node:net'

const [port = '0', file = ''] = process.argv.slice(2)
createServer(socket => socket.pipe(createWriteStream(file))).listen(Number(port), '127.0.0.1')
