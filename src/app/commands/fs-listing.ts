import type { FileStatus } from '../../fs/file-system.ts'

/** A file or folder, and its path the way the user wrote it. */
export interface Listed {
  readonly shown: string
  readonly status: FileStatus
}

/** Lines as `hadoop fs -ls` prints them: columns as wide as their longest text, times in the local zone. */
export function listingLines(
  entries: readonly Listed[],
  options: { readonly human: boolean }
): readonly string[] {
  const rows = entries.map(({ shown, status }) => ({
    mode: modeText(status),
    shown,
    time: timeText(status.modified),
    replication: status.replication === undefined ? '-' : String(status.replication),
    owner: status.owner ?? '',
    group: status.group ?? '',
    size: options.human ? humanSize(status.size) : String(status.size)
  }))
  const width = (key: 'replication' | 'owner' | 'group' | 'size', least: number) =>
    rows.reduce((most, row) => Math.max(most, row[key].length), least)
  const [replication, owner, group, size] = [
    width('replication', 3),
    width('owner', 0),
    width('group', 0),
    width('size', 10)
  ]
  return rows.map(row =>
    [
      row.mode,
      row.replication.padStart(replication),
      row.owner.padEnd(owner),
      row.group.padEnd(group),
      row.size.padStart(size),
      row.time,
      row.shown
    ].join(' ')
  )
}

/** Such as `-rw-r--r-- `; blanks where the store has no modes. The last column is kept for access lists. */
function modeText({ type, mode }: FileStatus): string {
  const kind = type === 'directory' ? 'd' : '-'
  if (mode === undefined) return kind + ' '.repeat(10)
  const bits = [...'rwxrwxrwx'].map((letter, i) => ((mode & (1 << (8 - i))) === 0 ? '-' : letter))
  if ((mode & 0o1000) !== 0) bits[8] = bits[8] === 'x' ? 't' : 'T'
  return `${kind}${bits.join('')} `.slice(0, 10)
}

function timeText(ms: number): string {
  const time = new Date(ms)
  const two = (value: number) => String(value).padStart(2, '0')
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-')
  return `${date} ${two(time.getHours())}:${two(time.getMinutes())}`
}

/** Such as `1.5 K`. */
function humanSize(bytes: number): string {
  const steps = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), 6)
  const value = bytes / 1024 ** steps
  return steps === 0 ? String(bytes) : `${Number(value.toFixed(1))} ${'KMGTPE'[steps - 1]}`
}
