/** An agent whose every line is logged; it takes a port that is free. */
export const PLAIN = `a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = netcat
a1.sources.r1.bind = 127.0.0.1
a1.sources.r1.port = 0
a1.sources.r1.channels = c1
a1.channels.c1.type = memory
a1.sinks.k1.type = logger
a1.sinks.k1.channel = c1
`

/** The same, but nobody takes what its sink has to deliver. */
export const STUCK = PLAIN.replace(
  'k1.type = logger',
  'k1.type = hdfs\na1.sinks.k1.hdfs.path = webhdfs://127.0.0.1:1/x'
)
