// LoadBalancer Services for bare-metal Kubernetes: addresses from your own pools, announced by ARP, NDP and BGP.
package berth
