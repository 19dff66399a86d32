import type { Interceptor, Selector } from '../../core/contracts.ts'
import { CHANNEL_COUNTERS, newCounters, SOURCE_COUNTERS } from '../../core/counters.ts'
import { FakeClock } from '../../testing/fake-clock.ts'
import { FakeLog } from '../../testing/fake-log.ts'
import type { FakeChannel } from '../../testing/fake-parts.ts'
import { ChannelPort } from '../channel-port.ts'
import { Ingest } from '../ingest.ts'

interface Options {
  interceptors?: Interceptor[]
  /** Names of optional channels. */
  optional?: string[]
  /** Otherwise every channel gets everything. */
  selector?: Selector
}

/** What stands between a source and these channels, and all that it counts and logs. */
export function openIngest(
  channels: Record<string, FakeChannel>,
  { interceptors = [], optional = [], selector }: Options = {}
) {
  const counters = newCounters(SOURCE_COUNTERS)
  const log = new FakeLog()
  const clock = new FakeClock()
  const ports = new Map(
    Object.entries(channels).map(([name, channel]) => [
      name,
      new ChannelPort(name, channel, newCounters(CHANNEL_COUNTERS), new FakeClock())
    ])
  )
  const replicating: Selector = {
    route: batch =>
      Object.keys(channels).map(channel => ({ channel, batch, required: !optional.includes(channel) }))
  }
  const ingest = new Ingest({
    interceptors,
    selector: selector ?? replicating,
    channels: ports,
    counters,
    log,
    clock,
    signal: new AbortController().signal
  })
  return { ingest, counters, log, clock, ports }
}
