import { usageOf, type OptionSpec } from './command-line.ts'

/** The page of `flume-ng help channel`. */
export const CHANNEL_USAGE = `Usage: flume-ng channel inspect|verify|export|repair DIR… [options]

Looks into the folders of a file channel (all of dataDirs), of Apache Flume 1.x or of this program. Nothing
but repair changes anything; an agent may be running, its latest events may then be missing.

  inspect   what is in there: events held, files, damage
  verify    check every byte and list every damage
  export    print the events held, in order
  repair    make the next start a clean one: a damaged log is written anew, one of Flume taken over, the
            old files go aside. The agent copes with either by itself: it never needs this command

  --json             inspect, verify: one JSON object for programs; a list of two where logs of Flume
                     wait to be taken over into a channel of ours
  --format FORMAT    export: json (lines, the default), text (headers and body), avro (container file)
  -o, --output FILE  export: a new file instead of standard output
  --checkpoint DIR   repair: folder of Flume's checkpoint, where it is not beside the logs; may be repeated
  --dry-run          repair: only say what would be done

Encrypted channels need their keys, named as in the configuration: -Dencryption.keyProvider=JCEKSFILE
-Dencryption.keyProvider.keyStoreFile=… -Dencryption.keyProvider.keyStorePasswordFile=…
-Dencryption.keyProvider.keys=…, or -Dencryption.keyFile=…; for repair, which writes, also
-Dencryption.activeKey=… -Dencryption.cipherProvider=AESCTRNOPADDING

Exit codes
  0 all is well   1 there is damage   2 it cannot be read, or the command line is wrong
`

/** Options of `flume-ng tool fcintegritytool`. */
export const TOOL_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'dataDirs',
    short: 'l',
    long: 'dataDirs',
    argument: 'dirs',
    doc: 'Comma-separated list of data directories to verify. This option is mandatory'
  },
  {
    name: 'validator',
    short: 'e',
    long: 'eventValidator',
    argument: 'file',
    doc: 'ECMAScript module whose default export makes an event validator'
  },
  {
    name: 'property',
    short: 'D',
    long: 'property',
    argument: 'key=value',
    doc: 'Property given to the validator; may be repeated'
  },
  { name: 'help', short: 'h', long: 'help', doc: 'Display help' }
]

/** The page of `flume-ng help tool`. */
export const TOOL_USAGE = `Usage: flume-ng tool fcintegritytool -l DIR[,DIR…] [options]

Checks the logs of a file channel while its agent is stopped, record by record, and takes out what is corrupt.

${usageOf(TOOL_OPTIONS)}

A log of Apache Flume 1.x that is changed is first copied to LOG.bak; a corrupt record is marked so that Flume
skips it. A log of this program is written anew, its old files go aside. A validator is a module like

  export default properties => ({ validateEvent: ({ headers, body }) => body.length > 0 })

Events for which it returns false, or throws, are taken out. For a look without changes: flume-ng channel
verify DIR.

Exit codes
  0 checked, whatever was found   1 it could not be checked, or help was shown
`
