import type { ServiceDescription } from '../description.ts'

/**
 * Apache Flume itself. Options: `conf` (a properties file, in which `{port:NAME}` is a free port and `{directory}` the
 * service's folder), `agent` (a1). Ports: each NAME. Ready once something listens on every one of them.
 */
const flume: ServiceDescription = {
  summary: 'Apache Flume 1.11.0 with a configuration of yours: the other side of what speaks to Flume',
  java: 'FlumeService',
  examples: { ports: {} }
}

export default flume
