import { parseArgs } from 'node:util'

export interface Options {
  /** Questions by name; empty: the usual ones. */
  readonly names: readonly string[]
  /** Peers by name; undefined: those that are to be had. */
  readonly peers: readonly string[] | undefined
  readonly pairs: number
  readonly lines: number
  readonly idleSeconds: number
  /** Another checkout, measured in turn with this one. */
  readonly against: string | undefined
  readonly json: string | undefined
  readonly markdown: string | undefined
  readonly isBaselineWritten: boolean
  readonly isHelp: boolean
}

/** Options of the command line; throws a TypeError that says what is wrong. */
export function readOptions(words: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      peers: { type: 'string' },
      pairs: { type: 'string', default: '5' },
      lines: { type: 'string', default: '3000000' },
      idle: { type: 'string', default: '60' },
      against: { type: 'string' },
      json: { type: 'string' },
      markdown: { type: 'string' },
      'write-baseline': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false }
    }
  })
  return {
    names: positionals,
    peers: values.peers
      ?.split(',')
      .map(word => word.trim())
      .filter(word => word !== '' && word !== 'none'),
    pairs: wholeNumber('pairs', values.pairs),
    lines: wholeNumber('lines', values.lines),
    idleSeconds: wholeNumber('idle', values.idle),
    against: values.against,
    json: values.json,
    markdown: values.markdown,
    isBaselineWritten: values['write-baseline'],
    isHelp: values.help
  }
}

/** What `--help` prints above the list of questions. */
export const USAGE = `npm run bench [-- QUESTION… OPTION…]

  --peers LIST      socat,rsyslog,syslog-ng,flume,node-copy or none (default: those found; flume only once it was named
                    here, then Maven fetches it into the user's cache)
  --pairs N         runs of each contestant, in turn (5)
  --lines N         lines of one throughput run (3000000)
  --idle SECONDS    how long idle means (60)
  --against DIR     another checkout of this project as one more peer: before and after in the same minutes
  --json FILE       everything measured, for programs
  --markdown FILE   puts the results under the heading "Results" of FILE, such as docs/performance.md
  --write-baseline  keep this run's ratios in bench/baseline.json

Questions (without a name: all but batch and scan):`

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new TypeError(`--${name} is "${text}"; write a whole number from 1.`)
  return value
}
