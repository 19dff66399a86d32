import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'

const taken: string[] = []
const server = createServer(socket => {
  socket.on('error', () => undefined)
  createInterface({ input: socket }).on('line', line => {
    taken.push(line)
    socket.write('OK\n')
  })
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
console.log(`READY ${JSON.stringify({ port: (server.address() as AddressInfo).port })}`)
for await (const command of createInterface({ input: process.stdin })) {
  console.log(command === 'lines' ? `OK ${JSON.stringify(taken)}` : `FAILED unknown command ${command}`)
}
process.exit(0)
