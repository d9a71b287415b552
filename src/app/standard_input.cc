// Waits in short turns.
#include "app/standard_input.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace relatum::app {
namespace {

constexpr size_t kAtOnce = 64 << 10;
constexpr int kLookMilliseconds = 100;
constexpr int kMomentMilliseconds = 20;  // a writer that is still at it writes on within these

bool more_within(int milliseconds) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  return ::poll(&input, 1, milliseconds) != 0;
}

}  // namespace

StandardInput::Buffer::Buffer(const std::atomic<bool>& stop) : stop_(stop), bytes_(kAtOnce, 0) {}

StandardInput::Buffer::int_type StandardInput::Buffer::underflow() {
  if (before_waiting_ && !more_within(kMomentMilliseconds)) before_waiting_();
  while (!stop_) {
    if (!more_within(kLookMilliseconds)) continue;
    const ssize_t count = ::read(STDIN_FILENO, bytes_.data(), bytes_.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) {
      relatum::fail("app.input",
                    fmt::format("cannot read standard input: {}.", std::strerror(errno)));
    }
    if (count == 0) return traits_type::eof();
    setg(bytes_.data(), bytes_.data(), bytes_.data() + count);
    return traits_type::to_int_type(bytes_[0]);
  }
  relatum::fail("app.input", "interrupted while standard input was read; nothing was written.");
}

StandardInput::StandardInput(const std::atomic<bool>& stop) : std::istream(nullptr), buffer_(stop) {
  rdbuf(&buffer_);
  exceptions(std::ios::badbit);  // what the buffer throws comes through
}

}  // namespace relatum::app
