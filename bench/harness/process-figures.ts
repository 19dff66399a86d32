import { readdirSync, readFileSync } from 'node:fs'

/** What a process used so far. */
export interface Figures {
  /** User and system time, all threads. */
  readonly cpuSeconds: number
  /** Largest resident size since its start. */
  readonly peakMegabytes: number
}

const TICKS_PER_SECOND = 100

/** Figures of a process and its descendants; zeros once it is gone. */
export function figuresOf(pid: number): Figures {
  let cpuSeconds = 0
  let peakMegabytes = 0
  for (const member of family(pid)) {
    cpuSeconds += cpuSecondsOf(member)
    peakMegabytes += peakMegabytesOf(member)
  }
  return { cpuSeconds, peakMegabytes }
}

/** Whether somebody listens on a port, without connecting to it. */
export function isListening(port: number): boolean {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')} `
  const tables = [readText('/proc/net/tcp'), readText('/proc/net/tcp6')].join('\n')
  return tables.split('\n').some(line => {
    const [, local, , state] = line.trim().split(/\s+/)
    return state === '0A' && local !== undefined && `${local} `.endsWith(wanted)
  })
}

function family(root: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (/^\d+$/.test(name)) parents.set(Number(name), Number(afterName(name)[1] ?? 0))
  }
  const members = [root]
  for (const member of members) {
    for (const [pid, parent] of parents) if (parent === member) members.push(pid)
  }
  return members
}

// The run time of every live thread is exact to the nanosecond; /proc/PID/stat also holds threads that ended, in ticks.
function cpuSecondsOf(pid: number): number {
  const stat = afterName(String(pid))
  const ticks = Number(stat[11] ?? 0) + Number(stat[12] ?? 0)
  const live = threadSeconds(pid)
  return Math.abs(live - ticks / TICKS_PER_SECOND) < 0.05 ? live : Math.max(live, ticks / TICKS_PER_SECOND)
}

function threadSeconds(pid: number): number {
  let nanoseconds = 0
  for (const thread of listOf(`/proc/${pid}/task`)) {
    nanoseconds += Number(readText(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0] ?? 0)
  }
  return nanoseconds / 1e9
}

function peakMegabytesOf(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readText(`/proc/${pid}/status`))?.[1]
  return Number(kilobytes ?? 0) / 1024
}

/** Fields of /proc/PID/stat behind the name: state, parent, … */
function afterName(pid: string): string[] {
  const stat = readText(`/proc/${pid}/stat`)
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function listOf(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // the process ended meanwhile
  }
}
