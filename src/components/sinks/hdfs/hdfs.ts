import { defineSink } from '../../../core/component.ts'
import { isFatal } from '../../../core/read-settings.ts'
import { openFileSystem } from '../../../fs/open.ts'
import { checkSettings } from './check-settings.ts'
import { checkStore } from './check-store.ts'
import { HdfsSink } from './hdfs-sink.ts'
import { FINDINGS, lintHdfs, lintTimestamp } from './lint.ts'
import { metrics } from './metrics.ts'
import { FILES } from './open-file.ts'
import { settings } from './settings.ts'

export default defineSink({
  type: 'hdfs',
  classes: ['org.apache.flume.sink.hdfs.HDFSEventSink'],
  stability: 'stable',
  summary:
    'Writes events to files in HDFS or another file system, and starts a new file by time, size or count.',
  settings,
  findings: FINDINGS,
  lint: lintHdfs,
  lintInflow: lintTimestamp,
  metrics,
  details: FILES,
  batchSize: ({ batchSize }) => batchSize,
  check: async (values, { environment }) => {
    const problems = checkSettings(values)
    return problems.some(isFatal) ? problems : [...problems, ...(await checkStore(values, environment))]
  },
  create: (values, context) => new HdfsSink(values, context, openFileSystem)
})
