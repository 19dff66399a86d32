import { lookup, lookupService } from 'node:dns/promises'
import type { Problem } from '../core/component.ts'
import type { Clock } from '../core/contracts.ts'
import { AgentError, messageOf } from '../core/errors.ts'
import { flag, optional, text, type Values } from '../core/schema.ts'
import { hostNames } from './host-names.ts'
import { javaAddress, peerAddress } from './peer-address.ts'

/** Java keeps names of addresses for so long. */
const NAMES_MS = 30_000
const MOST_NAMES = 1000
const LOOKUP_MS = 5_000
const HINT = 'Write allow or deny, ip or name, and a pattern: allow:ip:127.*,allow:name:localhost,deny:ip:*'

/** Settings of a source that turns clients away by address or name. */
export const ipFilterSettings = {
  ipFilter: flag('ipFilter', { doc: 'Turns clients away by ipFilterRules.', default: false }),
  ipFilterRules: optional(
    text('ipFilterRules', {
      doc: 'Rules such as allow:ip:127.*,allow:name:localhost,deny:ip:*. The first one that fits decides; none: allowed.'
    })
  )
}

type IpFilterValues = Values<typeof ipFilterSettings>

interface Rule {
  readonly allow: boolean
  /** What is compared; `localhost` needs no name. */
  readonly of: 'ip' | 'name' | 'localhost'
  readonly pattern: RegExp
}

/** What a filter asks the system. */
export interface NameTools {
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>
  /** The name of an address; undefined where none is known, or where the name does not lead back to the address. */
  readonly nameOf?: (address: string) => Promise<string | undefined>
  /** The main address of this host. */
  readonly ownAddress?: () => Promise<string | undefined>
}

/** What is wrong with the rules, where they are switched on. */
export function ipFilterProblems({ ipFilter, ipFilterRules }: IpFilterValues): readonly Problem[] {
  if (!ipFilter) return []
  try {
    rulesOf(ipFilterRules)
    return []
  } catch (error) {
    return [
      { level: 'error', code: 'BAD_VALUE', key: 'ipFilterRules', message: messageOf(error), hint: HINT }
    ]
  }
}

/** The filter of a source; undefined where it is switched off. Throws ERR_CONFIG for rules that are none. */
export function ipFilterOf(
  { ipFilter, ipFilterRules }: IpFilterValues,
  tools: NameTools
): IpFilter | undefined {
  return ipFilter ? new IpFilter(rulesOf(ipFilterRules), tools) : undefined
}

/** Flume's rules for addresses and names of peers. Names are asked for only where a rule needs one, and kept for 30 s. */
export class IpFilter {
  readonly #rules: readonly Rule[]
  readonly #clock: NameTools['clock']
  readonly #nameOf: (address: string) => Promise<string | undefined>
  readonly #ownAddress: () => Promise<string | undefined>
  readonly #names = new Map<string, { readonly name: Promise<string>; readonly askedAt: number }>()

  constructor(
    rules: readonly Rule[],
    { clock, nameOf = confirmedName, ownAddress = mainAddress }: NameTools
  ) {
    this.#rules = rules
    this.#clock = clock
    this.#nameOf = nameOf
    this.#ownAddress = ownAddress
  }

  /** Whether a peer may come in; an address of a socket. Takes up to 5 s where a name does not come; never rejects. */
  async allows(address: string): Promise<boolean> {
    const peer = peerAddress(address)
    for (const rule of this.#rules) if (await this.#fits(rule, peer)) return rule.allow
    return true
  }

  async #fits({ of, pattern }: Rule, peer: string): Promise<boolean> {
    switch (of) {
      case 'ip':
        return pattern.test(javaAddress(peer))
      case 'name':
        return pattern.test(await this.#name(peer))
      case 'localhost':
        return peer === '127.0.0.1' || peer === (await this.#ownAddress())
      default:
        return of satisfies never
    }
  }

  /** The name, or the address itself where none is known, as in Java. */
  async #name(peer: string): Promise<string> {
    const now = this.#clock.monotonic()
    const known = this.#names.get(peer)
    if (known !== undefined && now - known.askedAt < NAMES_MS) return await known.name
    if (this.#names.size >= MOST_NAMES) this.#names.clear()
    const name = this.#asked(peer)
    this.#names.set(peer, { name, askedAt: now })
    return await name
  }

  async #asked(peer: string): Promise<string> {
    const late = new AbortController()
    const inTime = this.#clock.sleep(LOOKUP_MS, late.signal).then(() => undefined)
    const found = this.#nameOf(peer).catch(() => undefined)
    const name = await Promise.race([found, inTime])
    late.abort()
    return name ?? javaAddress(peer)
  }
}

function rulesOf(given: string | undefined): readonly Rule[] {
  if (given === undefined || given.trim() === '')
    throw new AgentError('ERR_CONFIG', 'ipFilter is configured with true but ipFilterRules is not defined.')
  return given.split(',').map(ruleOf)
}

function ruleOf(given: string): Rule {
  const [, access, of, pattern = ''] = /^(allow|deny):(ip|name):(.*)$/.exec(given.trim()) ?? []
  const wrong = (cause?: unknown): AgentError =>
    new AgentError(
      'ERR_CONFIG',
      `ipFilterRules has "${given.trim()}", which is no rule.`,
      { hint: HINT },
      cause
    )
  if (access === undefined) throw wrong()
  const allow = access === 'allow'
  if (of === 'name' && pattern === 'localhost') return { allow, of: 'localhost', pattern: /^localhost$/ }
  try {
    return { allow, of: of === 'ip' ? 'ip' : 'name', pattern: patternOf(pattern.trim()) }
  } catch (error) {
    throw wrong(error)
  }
}

/** A pattern for the whole text: `*` any run, `?` any character. Flume leaves all but these and `.` to regular expressions. */
function patternOf(glob: string): RegExp {
  const expression = glob
    .replaceAll('.', String.raw`\.`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^(?:${expression})$`)
}

/** As Java does it: a name that does not lead back to the address is none, as anybody may claim any. */
async function confirmedName(address: string): Promise<string | undefined> {
  const { hostname } = await lookupService(address, 0)
  const leadsTo = await lookup(hostname, { all: true })
  return leadsTo.some(found => javaAddress(found.address) === javaAddress(address)) ? hostname : undefined
}

async function mainAddress(): Promise<string | undefined> {
  return await hostNames().then(
    ({ ip }) => ip,
    () => undefined
  )
}
