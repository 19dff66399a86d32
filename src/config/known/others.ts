import type { KnownType } from './known-type.ts'
import type { Properties } from '../../core/component.ts'
import { channelRules, replacementRules, twoSinksRules, wordRules } from './rules.ts'
import { routeTraps } from './traps.ts'

const INTERCEPTOR = 'org.apache.flume.interceptor.'
const MORPHLINE = 'org.apache.flume.sink.solr.morphline.'

/** Interceptors, selectors and sink processors of Flume that are not in this version. */
export const KNOWN_OTHERS: readonly KnownType[] = [
  {
    kind: 'interceptor',
    type: 'timestamp',
    classes: [`${INTERCEPTOR}TimestampInterceptor$Builder`],
    keys: 'headerName preserveExisting',
    headers: ({ headerName = 'timestamp' }) => ({ always: [headerName], more: false })
  },
  {
    kind: 'interceptor',
    type: 'host',
    classes: [`${INTERCEPTOR}HostInterceptor$Builder`],
    keys: 'hostHeader useIP preserveExisting',
    headers: () => ({ always: [], more: false })
  },
  {
    kind: 'interceptor',
    type: 'remove_header',
    classes: [`${INTERCEPTOR}RemoveHeaderInterceptor$Builder`],
    keys: 'withName fromList fromListSeparator:pattern matching:pattern',
    headers: () => ({ always: [], more: false })
  },
  {
    kind: 'interceptor',
    type: 'search_replace',
    classes: [`${INTERCEPTOR}SearchAndReplaceInterceptor$Builder`],
    keys: 'searchPattern!:pattern replaceString charset',
    rules: properties => replacementRules(properties, 'searchPattern', 'replaceString'),
    headers: () => ({ always: [], more: false })
  },
  {
    kind: 'interceptor',
    type: 'regex_filter',
    classes: [`${INTERCEPTOR}RegexFilteringInterceptor$Builder`],
    keys: 'regex:pattern excludeEvents',
    headers: () => ({ always: [], more: false })
  },
  {
    kind: 'interceptor',
    type: 'regex_extractor',
    classes: [`${INTERCEPTOR}RegexExtractorInterceptor$Builder`],
    keys: 'regex!:pattern serializers! serializers.*',
    headers: properties => ({ always: extracted(properties), more: false })
  },
  {
    kind: 'interceptor',
    type: 'uuid',
    classes: [`${MORPHLINE}UUIDInterceptor$Builder`],
    keys: 'headerName preserveExisting prefix',
    headers: () => ({ always: [], more: false })
  },
  {
    kind: 'interceptor',
    type: 'morphline',
    classes: [`${MORPHLINE}MorphlineInterceptor$Builder`],
    keys: `morphlineFile! morphlineId morphlineVariable.* isProductionMode isIgnoringRecoverableExceptions
      recoverableExceptionClasses`
  },
  {
    kind: 'selector',
    type: 'multiplexing',
    classes: ['org.apache.flume.channel.MultiplexingChannelSelector'],
    keys: 'header default mapping.* optional.*',
    rules: channelRules,
    lint: routeTraps
  },
  {
    kind: 'selector',
    type: 'load_balancing',
    classes: ['org.apache.flume.channel.LoadBalancingChannelSelector'],
    keys: 'policy',
    rules: properties => wordRules(properties, 'policy', ['round_robin', 'random'])
  },
  {
    kind: 'processor',
    type: 'failover',
    classes: ['org.apache.flume.sink.FailoverSinkProcessor'],
    keys: 'priority.* maxpenalty:~int=30000'
  },
  {
    kind: 'processor',
    type: 'load_balance',
    classes: ['org.apache.flume.sink.LoadBalancingSinkProcessor'],
    keys: 'selector backoff selector.maxTimeOut:long selector.*',
    rules: twoSinksRules
  }
]

function extracted(properties: Properties): string[] {
  return Object.entries(properties)
    .filter(([key]) => /^serializers\..+\.name$/.test(key))
    .map(([, name]) => name)
}
