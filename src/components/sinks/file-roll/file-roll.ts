import { defineSink, serializer } from '../../../core/component.ts'
import { choice, integer, text } from '../../../core/schema.ts'
import { FileRollSink, OPEN_FILE } from './file-roll-sink.ts'

export default defineSink({
  type: 'file_roll',
  classes: ['org.apache.flume.sink.RollingFileSink'],
  stability: 'stable',
  summary: 'Writes events to files in a local folder, a new file every so often.',
  settings: {
    directory: text('sink.directory', { doc: 'Folder for the files; it must exist.' }),
    rollSeconds: integer('sink.rollInterval', {
      doc: 'Age at which a file is closed; 0 or less keeps one file for ever.',
      default: 30,
      unit: 's'
    }),
    serializer: serializer('sink.serializer', { doc: 'How events become bytes.', default: 'text' }),
    batchSize: integer('sink.batchSize', {
      doc: 'Most events written at once.',
      default: 100,
      min: 1,
      unit: 'events'
    }),
    pathManager: choice('sink.pathManager', ['default', 'rolltime'], {
      doc: 'How files are named: default counts from the start of the agent, rolltime from each second.',
      default: 'default',
      synonyms: {
        'org.apache.flume.formatter.output.DefaultPathManager$Builder': 'default',
        'org.apache.flume.formatter.output.RollTimePathManager$Builder': 'rolltime'
      }
    }),
    prefix: text('sink.pathManager.prefix', { doc: 'Put before each name.', default: '' }),
    extension: text('sink.pathManager.extension', { doc: 'Put behind each name, after a dot.', default: '' })
  },
  details: OPEN_FILE,
  batchSize: settings => settings.batchSize,
  create: (settings, context) => new FileRollSink(settings, context)
})
