// Characters that steer what shows a text instead of being seen.
#pragma once

#include <cstdint>

namespace relatum {

/// Control characters (C0, DEL, C1), line and paragraph separators, marks that change the direction
/// of text (U+202A to U+202E, U+2066 to U+2069 and the like), marks without width, and U+FFFE and
/// U+FFFF, which XML forbids. Joiners (U+200C, U+200D) are none: scripts and emoji need them.
bool is_hidden(uint32_t code_point);

}  // namespace relatum
