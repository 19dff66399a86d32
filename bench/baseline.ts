import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FILE = join(import.meta.dirname, 'baseline.json')
const FLOOR = 0.85

/** Ratios of speeds that an earlier run on the reference machine showed. */
export type Ratios = Readonly<Record<string, number>>

/** One ratio beside what it was. */
export interface Comparison {
  readonly name: string
  readonly value: number
  readonly before: number
  readonly isSlower: boolean
}

/** The ratios kept; none when there is no baseline yet. */
export function readBaseline(): Ratios {
  try {
    return JSON.parse(readFileSync(FILE, 'utf8')) as Ratios
  } catch {
    return {}
  }
}

/** Keeps these ratios beside those already there. */
export function writeBaseline(ratios: Ratios): void {
  const rounded = Object.entries({ ...readBaseline(), ...ratios }).map(([name, value]) => [
    name,
    Number(value.toFixed(3))
  ])
  writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(rounded), undefined, 2)}\n`)
}

/** Ratios that are in the baseline, too; slower is what falls below 0.85 of it. */
export function compare(ratios: Ratios, baseline: Ratios): Comparison[] {
  return Object.entries(ratios).flatMap(([name, value]) => {
    const before = baseline[name]
    return before === undefined ? [] : [{ name, value, before, isSlower: value < before * FLOOR }]
  })
}
