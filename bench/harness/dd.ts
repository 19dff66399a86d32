import { rmSync } from 'node:fs'
import { spawnSync } from 'node:child_process'

/** Bytes a second that `dd oflag=dsync` writes in blocks of `blockBytes`; NaN where there is no GNU dd. */
export function ddSpeed(file: string, blockBytes: number, totalBytes: number): number {
  const count = Math.max(1, Math.round(totalBytes / blockBytes))
  const { stderr, status } = spawnSync(
    'dd',
    ['if=/dev/zero', `of=${file}`, `bs=${blockBytes}`, `count=${count}`, 'oflag=dsync'],
    { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } }
  )
  rmSync(file, { force: true })
  const [, bytes, seconds] = /(\d+) bytes .*copied, ([\d.e-]+) s/.exec(status === 0 ? stderr : '') ?? []
  return Number(bytes) / Number(seconds)
}
