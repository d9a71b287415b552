// What records say of the process: the time, and the memory it holds.
#pragma once

#include <cstdint>
#include <string>

namespace relatum::jobs {

/// Now, as "2026-01-31T12:00:00Z".
std::string utc_now();
/// Most memory that this process has held, in bytes (VmHWM).
int64_t peak_rss();
/// Has peak_rss() begin anew from what is held now; false where the kernel does not offer that.
bool reset_peak_rss();
/// Memory that this process holds now, in bytes (its resident set); 0 where that cannot be told.
int64_t current_rss();

}  // namespace relatum::jobs
