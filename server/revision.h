// Which sources the program was built from.
#ifndef BARYON_SERVER_REVISION_H_
#define BARYON_SERVER_REVISION_H_

namespace baryon {

// The commit, in builds that were told to find it out (--config=release); else "unknown".
const char* ServerRevision();

}  // namespace baryon

#endif  // BARYON_SERVER_REVISION_H_
