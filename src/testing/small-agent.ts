/** The properties of a sound agent `a1` of one source `r1`, channel `c1` and sink `k1`. */
export const SMALL_AGENT = `a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = seq
a1.sources.r1.channels = c1
a1.channels.c1.type = memory
a1.sinks.k1.type = null
a1.sinks.k1.channel = c1
`
