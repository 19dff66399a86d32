import { defineChannel, type Problem } from '../../../core/component.ts'
import { integer, long } from '../../../core/schema.ts'
import {
  capacitySetting,
  checkFileSettings,
  fileSettings,
  notPositive,
  transactionCapacityOf
} from '../../../store/file-settings.ts'
import { openFileLog } from '../../../store/file-log.ts'
import { FOLDER_FINDINGS, folderStores, lintFolders } from '../../../store/folder-lint.ts'
import { LOG_DETAILS, LOG_METRICS } from '../../../store/log-watch.ts'
import { FileChannel } from './file-channel.ts'

const SECOND_MS = 1000
const CAPACITY = 1_000_000

export default defineChannel({
  type: 'file',
  classes: ['org.apache.flume.channel.file.FileChannel'],
  stability: 'stable',
  summary: 'Keeps events in files: what it acknowledged survives a crash of the agent and of the machine.',
  settings: {
    capacity: capacitySetting('capacity', {
      doc: 'Most events held; `unlimited`: as many as the disk has room for.',
      default: CAPACITY
    }),
    keepAliveSeconds: integer('keep-alive', {
      doc: 'How long a put waits for room before it is refused; 0 or less: not at all.',
      default: 3,
      unit: 's'
    }),
    memoryBytes: long('memoryBytes', {
      doc: 'Events up to this size are kept in memory as well, for sinks that keep up; what is beyond is read back from the files.',
      default: 64 * 1024 * 1024,
      min: 0,
      unit: 'bytes'
    }),
    ...fileSettings
  },
  undocumented: ['compressBackupCheckpoint', 'fsyncPerTransaction', 'fsyncInterval'],
  findings: FOLDER_FINDINGS,
  lint: written => lintFolders('file', written),
  stores: folderStores,
  metrics: LOG_METRICS,
  details: LOG_DETAILS,
  transactionCapacity: transactionCapacityOf,
  check: values => {
    const problems: Problem[] = checkFileSettings(values)
    const capacity = capacityOf(values.capacity)
    const transactionCapacity = transactionCapacityOf(values)
    if (values.capacity <= 0) problems.push(notPositive('capacity', values.capacity, CAPACITY))
    if (transactionCapacity > capacity) {
      problems.push({
        level: 'error',
        code: 'CAP_LT_TXN',
        key: 'transactionCapacity',
        message: 'File Channel transaction capacity cannot be greater than the capacity of the channel.',
        hint: `Set transactionCapacity to ${capacity} or less, or capacity to ${transactionCapacity} or more.`
      })
    }
    return problems
  },
  create: (values, context) => {
    const limits = {
      capacity: capacityOf(values.capacity),
      keepAliveMs: Math.max(0, values.keepAliveSeconds) * SECOND_MS,
      memoryBytes: values.memoryBytes
    }
    const open = () => openFileLog(values, limits, context)
    return new FileChannel({ ...limits, transactionCapacity: transactionCapacityOf(values), open }, context)
  }
})

function capacityOf(given: number): number {
  return given > 0 ? given : CAPACITY
}
