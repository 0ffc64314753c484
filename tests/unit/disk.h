/*
 * Power loss: records what the code under test does to the files of one
 * directory (through fault.h's watcher), and then builds, for a crash after
 * every one of these effects, each state that a disk may legally be in:
 *
 * - what was written since the file's last fsync(2) is there, is not, is
 *   zeros, or is there up to the middle, each write for itself;
 * - of the names made, renamed and removed since the last fsync(2) of the
 *   directory any subset is there, each rename whole;
 * - and, if so asked, fsync(2) of a file has also kept its name and what was
 *   done to names before, as a journal does and POSIX does not promise.
 */
#ifndef DISK_H
#define DISK_H

#include <stdbool.h>

/*
 * Starts with the files that dir holds now as safely on disk.  The code must
 * reach them through openat(2): dir itself, or names below it.
 */
void disk_record(const char *dir);

/* Notes, at this place of the record, what the caller now relies on. */
void disk_note(int note);

/* Stops.  Aborts if a call was recorded that the model does not know. */
void disk_stop(void);

/*
 * Builds every state in the empty directory scratch and calls check, which
 * may change them, with the last note before the crash (0: none).  Returns
 * how many different states there were.
 */
unsigned int disk_replay(const char *scratch, bool fsync_keeps_name,
    void (*check)(const char *dir, int note));

/* The crash and what was lost in it, for a message. */
const char *disk_where(void);

#endif
