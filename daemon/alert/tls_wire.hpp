// A wire that speaks TLS. Inside of daemon/alert only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "daemon/alert/tls_context.hpp"
#include "daemon/alert/wire.hpp"

namespace sekimori::daemon {

std::shared_ptr<Wire> make_tls_wire(boost::asio::io_context& io, std::shared_ptr<TlsContext> context,
                                    Language language);

}  // namespace sekimori::daemon
