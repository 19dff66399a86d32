import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import jdbc from '../../src/components/channels/jdbc/jdbc.ts'
import type { Channel } from '../../src/core/contracts/channel.ts'
import { settingsOf } from '../../src/core/read-settings.ts'
import { batchOf, fakeChannelContext } from '../../src/testing/fake-context.ts'

const never = new AbortController().signal
const THOUSAND = batchOf(Array.from({ length: 1000 }, () => 'x'.repeat(500)))

test('on a disk that is really full takes go on, and puts go on once there is room', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-full-'))
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', folder]).status !== 0) {
    rmdirSync(folder)
    return t.skip('a small disk cannot be mounted here')
  }
  const channel = jdbc.create(
    settingsOf(jdbc, { 'driver.url': `jdbc:sqlite:${join(folder, 'events.sqlite')}` }, () => undefined),
    fakeChannelContext()
  )
  try {
    await channel.start()
    await fillUp(channel)
    const held = channel.size
    fillDisk(folder)
    const taken = await takeAll(channel)
    rmSync(join(folder, 'filler'))
    await channel.put(THOUSAND, never)

    assert.ok(held > 10_000, `${held} events were held`)
    assert.deepEqual([taken, channel.size], [held, 1000])
  } finally {
    await channel.stop()
    spawnSync('umount', [folder])
    rmdirSync(folder)
  }
})

/** Puts until it is refused. */
async function fillUp(channel: Channel): Promise<void> {
  const putting = async (): Promise<void> => {
    for (;;) await channel.put(THOUSAND, never)
  }
  await assert.rejects(putting(), { code: 'ERR_CHANNEL', message: /^Usable space exhausted/ })
}

/** Somebody else takes what is left. */
function fillDisk(folder: string): void {
  const { bavail, bsize } = statfsSync(folder)
  writeFileSync(join(folder, 'filler'), Buffer.alloc(bavail * bsize))
}

async function takeAll(channel: Channel): Promise<number> {
  let taken = 0
  for (;;) {
    await using lease = await channel.take(1000)
    if (lease === undefined) return taken
    await lease.commit()
    taken += lease.batch.length
  }
}
