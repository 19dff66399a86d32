/** `node flood-node.ts PORT CONNECTIONS LINE`: writes 64 KiB of that line again and again, reads what comes, until its stdin ends. */
import { connect } from 'node:net'

const WRITE_BYTES = 64 * 1024

const [port = '', connections = '', line = ''] = process.argv.slice(2)
const unit = `${line}\n`
const bytes = Buffer.from(unit.repeat(Math.ceil(WRITE_BYTES / unit.length)).slice(0, WRITE_BYTES))
let open = 0
for (let i = 0; i < Number(connections); i++) {
  const socket = connect({ port: Number(port), host: '127.0.0.1' })
  const write = (): void => {
    while (!socket.destroyed && socket.write(bytes));
  }
  socket.on('error', () => {}).on('drain', write)
  socket.resume()
  socket.once('connect', () => {
    if (++open === Number(connections)) process.stdout.write('open\n')
    write()
  })
}
process.stdin.resume().on('end', () => process.exit(0))
