/** Loaded into an agent first: its durable logs find a disk that takes 2 ms longer for each synced write. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Disk, DiskFile } from '../src/store/disk.ts'
import { systemDisk } from '../src/store/system-disk.ts'

const DELAY_MS = 2

Object.assign(systemDisk, slowed({ ...systemDisk }))

function slowed(disk: Disk): Pick<Disk, 'open'> {
  return {
    async open(path, options) {
      const file = await disk.open(path, options)
      return options.synced ? slowedFile(file) : file
    }
  }
}

function slowedFile(file: DiskFile): DiskFile {
  const write = file.write.bind(file)
  return Object.assign(file, {
    async write(bytes: Buffer, position: number): Promise<number> {
      const written = await write(bytes, position)
      await sleep(DELAY_MS)
      return written
    }
  })
}
