// base/counted.h under the name that it had in this room.
#pragma once

#include "base/counted.h"

namespace relatum::app {
using relatum::counted;
}  // namespace relatum::app
