import type { ServiceDescription } from '../description.ts'

/** Takes lines and answers OK to each. Port: port. Command: lines (tells them as JSON). */
const lines: ServiceDescription = {
  summary: 'a TCP port that takes lines, and answers `OK` to each: for clients that have no server yet',
  node: 'line-server.ts',
  examples: { ports: { 44444: 'port' } }
}

export default lines
