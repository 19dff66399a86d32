import { printable } from '../core/printable.ts'
import { sumOf, type BalanceSheet } from '../engine/balance.ts'

/** The balance sheet as the last words of an agent: a line for each component, and whether all is accounted for. */
export function balanceText({ sources, channels, sinks, differences }: BalanceSheet): string {
  const rows = [
    ...sources.map(({ name, received, accepted, rejected, dropped }) => [
      `source ${name}`,
      `received ${received}`,
      `accepted ${accepted}`,
      ...counted('rejected', rejected),
      ...counted('dropped', dropped)
    ]),
    ...channels.map(({ name, stored, recovered, taken, held, abandoned, skipped }) => [
      `channel ${name}`,
      ...some('recovered', recovered),
      `stored ${stored}`,
      `taken ${taken}`,
      ...some('held', held),
      ...some('LOST', abandoned),
      ...counted('LOST to damage', skipped)
    ]),
    ...sinks.map(({ name, delivered, dropped }) => [
      `sink ${name}`,
      `delivered ${delivered}`,
      ...counted('dropped', dropped)
    ])
  ]
  const verdict = differences.length === 0 ? [accountedFor(channels)] : differences
  const lines = [...rows.map(([name, ...facts]) => `${name ?? ''}: ${facts.join(', ')}`), ...verdict]
  return lines.map(printable).join('\n')
}

/** Nobody may take lost events for safe ones. */
function accountedFor(channels: BalanceSheet['channels']): string {
  const lost = channels.reduce((sum, { abandoned, skipped }) => sum + abandoned + sumOf(skipped), 0)
  return lost === 0
    ? 'Every event is accounted for.'
    : `Every event is accounted for, ${lost} of them as LOST.`
}

function some(word: string, count: number): string[] {
  return count === 0 ? [] : [`${word} ${count}`]
}

function counted(word: string, counts: Readonly<Record<string, number>>): string[] {
  const reasons = Object.entries(counts).map(([reason, count]) => `${count} ${reason}`)
  return reasons.length === 0 ? [] : [`${word} ${sumOf(counts)} (${reasons.join(', ')})`]
}
