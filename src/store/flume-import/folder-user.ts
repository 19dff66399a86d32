import { readdirSync, readlinkSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'

/** A process that has a file open for writing, or holds a lock on it. */
export interface FileUser {
  readonly pid: number
  readonly file: string
}

const ACCESS_MODE = 3
const READ_ONLY = 0

/**
 * Looks for another process that writes to one of the files, by what Linux tells about open files and locks; undefined
 * when there is none, or where that cannot be known (other systems, other users' processes, other machines). A running
 * Flume holds no lock on its folders, but has its newest logs open.
 */
export async function findFileUser(files: readonly string[]): Promise<FileUser | undefined> {
  const wanted = new Map<string, string>()
  for (const file of files) {
    const found = await stat(file).catch(() => undefined)
    if (found !== undefined) wanted.set(`${found.dev}:${found.ino}`, file)
  }
  if (wanted.size === 0) return undefined
  const names = new Set(files.map(file => basename(file)))
  for (const pid of numbersIn('/proc')) {
    if (pid === process.pid) continue
    const file = await writtenBy(pid, wanted, names)
    if (file !== undefined) return { pid, file }
  }
  return await lockHolder(wanted)
}

/** Which of the files a process has open for writing. Of all it has open, only what has the name of one is looked at. */
async function writtenBy(
  pid: number,
  wanted: ReadonlyMap<string, string>,
  names: ReadonlySet<string>
): Promise<string | undefined> {
  const folder = `/proc/${pid}/fd`
  for (const descriptor of numbersIn(folder)) {
    if (!names.has(nameOf(join(folder, String(descriptor))))) continue
    const found = await stat(join(folder, String(descriptor))).catch(() => undefined)
    const file = found === undefined ? undefined : wanted.get(`${found.dev}:${found.ino}`)
    if (file !== undefined && (await isWritable(pid, descriptor))) return file
  }
  return undefined
}

/** A line `flags: 0100002`, octal, as open(2) had them. */
async function isWritable(pid: number, descriptor: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/fdinfo/${descriptor}`, 'utf8').catch(() => '')
  const flags = /^flags:\s*([0-7]+)/m.exec(text)?.[1]
  return flags !== undefined && (Number.parseInt(flags, 8) & ACCESS_MODE) !== READ_ONLY
}

/** Lines of /proc/locks: `1: POSIX  ADVISORY  WRITE 1234 fd:01:131090 0 EOF`, device in hexadecimal. */
async function lockHolder(wanted: ReadonlyMap<string, string>): Promise<FileUser | undefined> {
  const text = await readFile('/proc/locks', 'utf8').catch(() => '')
  for (const line of text.split('\n')) {
    const match = /\s(\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /.exec(line)
    if (match === null) continue
    const [, pid, major, minor, inode] = match
    const file = wanted.get(`${deviceNumber(major ?? '', minor ?? '')}:${inode ?? ''}`)
    if (file !== undefined && Number(pid) !== process.pid) return { pid: Number(pid), file }
  }
  return undefined
}

/** As stat(2) gives it on Linux. */
function deviceNumber(major: string, minor: string): number {
  const [high, low] = [Number.parseInt(major, 16), Number.parseInt(minor, 16)]
  return (high & 0xfff) * 256 + (low & 0xff) + (low & 0xfff00) * 4096
}

/** The name of what a link in /proc leads to: that the kernel knows, no disk is asked. */
function nameOf(link: string): string {
  try {
    return basename(readlinkSync(link))
  } catch {
    return ''
  }
}

function numbersIn(folder: string): number[] {
  try {
    return readdirSync(folder)
      .filter(name => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return []
  }
}
